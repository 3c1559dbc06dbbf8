(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').focal_classifier
