// LitBank, the types of given gold mentions: the paper's accuracy 87.93 %, its F1 93.58.
(import 'lib/systems/span_level.libsonnet') + (import 'lib/datasets/litbank.libsonnet')
