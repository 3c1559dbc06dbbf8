// GENIA with the baseline biaffine_span: every span, scored by its first and its last word.
(import 'lib/systems/biaffine_span.libsonnet') + (import 'lib/datasets/genia.libsonnet')
