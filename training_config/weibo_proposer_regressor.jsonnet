// Weibo, second release, with proposer and regressor (Table 4 of its paper): strict F1 72.38.
(import 'lib/systems/proposer_regressor.libsonnet') + (import 'lib/datasets/weibo.libsonnet')
