// The baseline that classifies every span up to a length as it stands.
(import '../experiment.libsonnet') {
  defaults+:: {
    max_span_length: 10,
    negatives_per_positive: null,  // every span
    decay: 0.9,
    overlap_threshold: 0.6,
    score_threshold: 0.5,
  },
  on_dataset:: {
    genia: { learning_rate: 5e-6, batch_size: 6, overlap_threshold: 0.7, score_threshold: 0.45 },
  },

  local s = $.chosen,
  model: {
    type: 'enumerated_spans',
    precision: s.precision,
    word_encoder: $.word_encoder,
    span_scorer: { type: 'pooled', span_extractor: 'inner_boundary', dropout: s.dropout },
    decoder: {
      type: 'soft_nms',
      decay: s.decay,
      overlap_threshold: s.overlap_threshold,
      score_threshold: s.score_threshold,
    },
    metric: { verbose: s.verbose },
    max_span_length: s.max_span_length,
    negatives_per_positive: s.negatives_per_positive,
  },
}
