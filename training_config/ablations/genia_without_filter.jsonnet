(import '../genia.jsonnet') + (import 'lib/without_filter.libsonnet')
