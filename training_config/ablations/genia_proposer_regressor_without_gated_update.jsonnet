(import '../genia_proposer_regressor.jsonnet')
+ (import '../lib/ablations.libsonnet').without_gated_update
