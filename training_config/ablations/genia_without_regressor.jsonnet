(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').without_regressor
