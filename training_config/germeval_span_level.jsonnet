// GermEval 2014, the types of given gold mentions: the paper's accuracy 69.47 %, its F1 81.99.
(import 'lib/systems/span_level.libsonnet') + (import 'lib/datasets/germeval.libsonnet')
