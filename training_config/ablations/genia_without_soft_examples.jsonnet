(import '../genia.jsonnet') + (import 'lib/without_soft_examples.libsonnet')
