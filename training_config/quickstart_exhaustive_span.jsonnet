// The made-up corpus of fixtures/quickstart with the baseline exhaustive_span.
(import 'lib/systems/exhaustive_span.libsonnet') + (import 'lib/datasets/quickstart.libsonnet')
