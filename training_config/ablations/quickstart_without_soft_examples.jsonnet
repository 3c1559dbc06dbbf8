(import '../quickstart.jsonnet') + (import 'lib/without_soft_examples.libsonnet')
