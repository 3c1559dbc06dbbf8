(import '../quickstart.jsonnet') + (import 'lib/without_regressor.libsonnet')
