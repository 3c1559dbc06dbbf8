(import '../genia.jsonnet') + (import 'lib/without_regressor.libsonnet')
