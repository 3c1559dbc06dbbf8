// The baseline that scores every span by its first and its last word.
(import '../experiment.libsonnet') {
  defaults+:: {
    projection: 150,  // Yu et al., ACL 2020, Table 1
    projection_dropout: 0.2,  // the same
    max_span_length: null,
    negatives_per_positive: null,
    flat: false,
  },
  on_dataset:: { genia: { learning_rate: 5e-6, batch_size: 6 } },

  local s = $.chosen,
  local feedforward = {
    num_layers: 1,
    hidden_dims: s.projection,
    activations: 'gelu',
    dropout: s.projection_dropout,
  },
  model: {
    type: 'enumerated_spans',
    precision: s.precision,
    word_encoder: $.word_encoder,
    span_scorer: {
      type: 'biaffine',
      start_feedforward: feedforward,
      end_feedforward: feedforward,
    },
    decoder: { type: 'greedy', flat: s.flat, score_threshold: 0.0 },
    metric: { verbose: s.verbose },
    max_span_length: s.max_span_length,
    negatives_per_positive: s.negatives_per_positive,
  },
}
