// GENIA with the baseline exhaustive_span: every span up to ten words, classified as it stands.
//
// Data, word vectors and environment: as for genia.jsonnet.
(import 'lib/exhaustive_span.libsonnet') {
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
    overlap_threshold: 0.7,
    score_threshold: 0.45,
  },
}
