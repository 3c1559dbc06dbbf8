(import '../genia.jsonnet') + (import 'lib/last_four_layers.libsonnet')
