(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').loss_weights_1_1_1
