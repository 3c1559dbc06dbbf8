(import '../quickstart.jsonnet') + (import 'lib/without_soft_nms.libsonnet')
