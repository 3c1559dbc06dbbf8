// GENIA with proposer and regressor (Table 2 of its paper): strict F1 80.74.
(import 'lib/systems/proposer_regressor.libsonnet') + (import 'lib/datasets/genia.libsonnet')
