// The system that we recommend: Locate and Label, learned from all spans (docs/recipe.md).
(import '../experiment.libsonnet') {
  defaults+:: {
    context: 'window',
    last_layers: 4,
    skip_connection: true,
    hidden: 512,
    dropout: 0.2,
    learning_rate: 3e-5,
    head_learning_rate: 1e-3,
    epochs: 20,
    patience: 5,
    max_seed_length: 10,
    decay: 0.9,
    overlap_threshold: 0.7,
    score_threshold: 0.5,
  },
  on_dataset:: { custom: { dropout: 0.2 } },

  local s = $.chosen,
  model: {
    type: 'dense_locate_and_label',
    precision: s.precision,
    word_encoder: $.word_encoder,
    span_scorer: { type: 'combined', dropout: s.dropout },
    regressor: { span_extractor: 'outer_boundary', dropout: s.dropout },
    decoder: {
      type: 'soft_nms',
      decay: s.decay,
      overlap_threshold: s.overlap_threshold,
      score_threshold: s.score_threshold,
    },
    metric: { verbose: s.verbose },
    max_seed_length: s.max_seed_length,
  },
}
