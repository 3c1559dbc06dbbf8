// The made-up corpus of fixtures/quickstart, nested entities: no pretrained weights, and the sizes
// of a training of two minutes on two cores.
{
  dataset:: {
    name: 'quickstart',
    train: 'fixtures/quickstart/train.jsonl',
    dev: 'fixtures/quickstart/dev.jsonl',
    test: 'fixtures/quickstart/test.jsonl',
    encoder: '',
    settings: {
      word_dim: 64,
      char_dim: 64,
      pos_dim: 0,  // raw text comes without parts of speech
      hidden: 128,
      dropout: 0.3,
      learning_rate: 2e-3,
      batch_size: 16,
      epochs: 15,
    },
  },
}
