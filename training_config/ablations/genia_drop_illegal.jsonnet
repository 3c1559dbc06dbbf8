(import '../genia.jsonnet')
+ (import '../lib/ablations.libsonnet').drop_illegal
