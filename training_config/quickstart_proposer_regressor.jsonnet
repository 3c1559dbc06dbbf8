// The made-up corpus of fixtures/quickstart with proposer and regressor.
(import 'lib/systems/proposer_regressor.libsonnet') + (import 'lib/datasets/quickstart.libsonnet')
