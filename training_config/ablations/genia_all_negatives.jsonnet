(import '../genia.jsonnet') + (import 'lib/all_negatives.libsonnet')
