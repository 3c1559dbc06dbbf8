// ANERcorp, the types of given gold mentions. The figures that the paper calls ANERcorp's are those of
// CLEANANERCorp: cleananercorp_span_level.jsonnet.
(import 'lib/systems/span_level.libsonnet') + (import 'lib/datasets/anercorp.libsonnet')
