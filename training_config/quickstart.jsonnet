// Two minutes on two cores: the made-up corpus of fixtures/quickstart, no pretrained weights.
// Environment: see lib/experiment.libsonnet.
(import 'lib/systems/locate_and_label.libsonnet') + (import 'lib/datasets/quickstart.libsonnet')
