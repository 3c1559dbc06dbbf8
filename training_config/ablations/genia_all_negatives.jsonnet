(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').all_negatives
