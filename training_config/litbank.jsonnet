// LitBank, nested entities of English novels: not in the paper.
(import 'lib/systems/locate_and_label.libsonnet') + (import 'lib/datasets/litbank.libsonnet')
