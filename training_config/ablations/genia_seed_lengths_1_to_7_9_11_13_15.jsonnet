(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').seed_lengths_1_to_7_9_11_13_15
