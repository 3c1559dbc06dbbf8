// GENIA, the types of given gold mentions: the paper's accuracy 91.76 %, its F1 95.70.
(import 'lib/systems/span_level.libsonnet') + (import 'lib/datasets/genia.libsonnet')
