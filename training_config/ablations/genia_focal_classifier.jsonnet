(import '../genia.jsonnet') + (import 'lib/focal_classifier.libsonnet')
