(import '../quickstart.jsonnet') + (import 'lib/without_filter.libsonnet')
