(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').last_four_layers
