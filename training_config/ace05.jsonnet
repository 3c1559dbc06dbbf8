// ACE 2005 (Tables 5 and 6 of the paper): strict F1 86.67.
(import 'lib/systems/locate_and_label.libsonnet') + (import 'lib/datasets/ace05.libsonnet')
