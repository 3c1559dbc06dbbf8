(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').seed_lengths_1_to_5_7_9_11_13_15_then_all
