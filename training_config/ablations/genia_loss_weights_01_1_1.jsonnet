(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').loss_weights_01_1_1
