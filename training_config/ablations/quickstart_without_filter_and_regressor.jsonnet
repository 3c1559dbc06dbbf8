(import '../quickstart.jsonnet')
+ (import '../lib/ablations.libsonnet').without_filter_and_regressor
