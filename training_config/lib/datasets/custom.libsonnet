// A corpus that TRAIN, DEV and TEST name, in any language.
{
  dataset:: {
    name: 'custom',
    encoder: 'xlm-roberta-base',
    settings: {
      pos_dim: 0,  // raw text comes without parts of speech
      hidden: 512,
      dropout: 0.3,
      learning_rate: 3e-5,
      head_learning_rate: 1e-3,
      epochs: 20,
      patience: 5,
    },
  },
}
