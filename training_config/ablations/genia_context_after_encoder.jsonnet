(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').context_after_encoder
