// GENIA, the span-level classifier made to detect: every span up to ten words, NONE among the
// types, measured by strict F1 like every other model. The paper has no such figure.
(import 'genia_span_level.jsonnet') + (import 'lib/ablations.libsonnet').detection
