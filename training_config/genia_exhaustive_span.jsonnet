// GENIA with the baseline exhaustive_span: every span up to ten words, classified as it stands.
(import 'lib/systems/exhaustive_span.libsonnet') + (import 'lib/datasets/genia.libsonnet')
