(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').non_negative_offsets
