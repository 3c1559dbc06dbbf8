// The made-up corpus of fixtures/quickstart with the baseline biaffine_span:
// every span, scored by its first and its last word.
//
// Environment: as for every dataset; see lib/experiment.libsonnet.
(import 'lib/biaffine_span.libsonnet') {
  data:: {
    train: 'fixtures/quickstart/train.jsonl',
    dev: 'fixtures/quickstart/dev.jsonl',
    test: 'fixtures/quickstart/test.jsonl',
    format: 'jsonl',
  },
  settings:: {
    encoder: '',
    word_dim: 64,
    char_dim: 64,
    pos_dim: 0,  // raw text comes without parts of speech
    hidden: 128,
    dropout: 0.3,
    learning_rate: 2e-3,
    batch_size: 16,
    epochs: 15,
  },
}
