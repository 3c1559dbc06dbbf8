(import '../genia_proposer_regressor.jsonnet')
+ (import '../lib/ablations.libsonnet').layers_2
