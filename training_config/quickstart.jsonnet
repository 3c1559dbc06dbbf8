// Two minutes on two cores: the made-up corpus of fixtures/quickstart, no pretrained weights.
//
// Environment: as for every dataset; see lib/locate_and_label.libsonnet.
(import 'lib/locate_and_label.libsonnet') {
  data:: {
    train: 'fixtures/quickstart/train.jsonl',
    dev: 'fixtures/quickstart/dev.jsonl',
    test: 'fixtures/quickstart/test.jsonl',
    format: 'auto',
  },
  settings:: {
    encoder: '',
    word_dim: 64,
    char_dim: 64,
    pos_dim: 0,  // raw text comes without parts of speech
    hidden: 128,
    dropout: 0.3,
    seed_lengths: std.range(1, 10),
    learning_rate: 2e-3,
    batch_size: 16,
    epochs: 15,
  },
}
