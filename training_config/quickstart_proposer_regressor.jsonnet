// Proposer and regressor on the made-up corpus of fixtures/quickstart, no pretrained weights.
//
// Environment: as for every dataset; see lib/experiment.libsonnet.
(import 'lib/proposer_regressor.libsonnet') {
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
    learning_rate: 2e-3,
    batch_size: 16,
    epochs: 15,
  },
}
