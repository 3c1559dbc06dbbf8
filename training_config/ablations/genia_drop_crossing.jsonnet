(import '../genia.jsonnet') + (import 'lib/drop_crossing.libsonnet')
