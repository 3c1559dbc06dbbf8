// CLEANANERCorp, the types of given gold mentions: the paper's accuracy 72.73 %, its F1 84.21.
(import 'lib/systems/span_level.libsonnet') + (import 'lib/datasets/cleananercorp.libsonnet')
