(import '../genia.jsonnet') + (import 'lib/non_negative_offsets.libsonnet')
