(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').sentence_vector
