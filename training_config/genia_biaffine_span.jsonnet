// GENIA with the baseline biaffine_span: every span, scored by its first and its last word.
//
// Data, word vectors and environment: as for genia.jsonnet.
(import 'lib/biaffine_span.libsonnet') {
  data:: {
    train: 'data/genia/genia.train.iob2',
    dev: 'data/genia/genia.dev.iob2',
    test: 'data/genia/genia.test.iob2',
    format: 'auto',
  },
  settings:: {
    encoder: 'dmis-lab/biobert-large-cased-v1.1',
    learning_rate: 5e-6,
    batch_size: 6,
  },
}
