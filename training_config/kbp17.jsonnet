// KBP 2017 (Tables 5 and 6 of the paper): strict F1 84.05.
(import 'lib/systems/locate_and_label.libsonnet') + (import 'lib/datasets/kbp17.libsonnet')
