// ACE 2004 (Tables 5 and 6 of the paper): strict F1 87.41.
(import 'lib/systems/locate_and_label.libsonnet') + (import 'lib/datasets/ace04.libsonnet')
