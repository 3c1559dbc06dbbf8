(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').seed_lengths_1_to_5
