// The made-up corpus of fixtures/quickstart with the baseline biaffine_span.
(import 'lib/systems/biaffine_span.libsonnet') + (import 'lib/datasets/quickstart.libsonnet')
