// Weibo, second release (Table 7 of the paper): strict F1 69.16.
(import 'lib/systems/locate_and_label.libsonnet') + (import 'lib/datasets/weibo.libsonnet')
