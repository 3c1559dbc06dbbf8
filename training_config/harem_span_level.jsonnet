// HAREM, the types of given gold mentions: the paper's accuracy 64.98 %, its F1 78.77.
(import 'lib/systems/span_level.libsonnet') + (import 'lib/datasets/harem.libsonnet')
