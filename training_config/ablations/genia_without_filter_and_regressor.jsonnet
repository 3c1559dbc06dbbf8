(import '../genia.jsonnet') + (import 'lib/without_filter_and_regressor.libsonnet')
