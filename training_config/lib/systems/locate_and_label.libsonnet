// Locate and Label (Shen et al., ACL 2021): the model, and its settings in section 3.3.
(import '../experiment.libsonnet') {
  defaults+:: {
    seed_lengths: std.range(1, 7) + [9, 11, 13, 15],
    decay: 0.9,
    overlap_threshold: 0.6,
    score_threshold: 0.5,
  },
  // Table 6 of the paper. It has no column for CoNLL 2003 and Weibo; these are ACE 2004's.
  local column(learning_rate, batch_size, decay, overlap_threshold, score_threshold) = {
    learning_rate: learning_rate,
    batch_size: batch_size,
    decay: decay,
    overlap_threshold: overlap_threshold,
    score_threshold: score_threshold,
  },
  on_dataset:: {
    ace04: column(3e-5, 8, 0.9, 0.6, 0.55),
    ace05: column(3e-5, 8, 0.8, 0.7, 0.5),
    kbp17: column(5e-5, 4, 0.9, 0.6, 0.5),
    genia: column(5e-6, 6, 0.9, 0.7, 0.45) + { seed_lengths: std.range(1, 10) },
    conll03: self.ace04,
    weibo: self.ace04,
    quickstart: { seed_lengths: std.range(1, 10) },
  },

  local s = $.chosen,
  model: {
    type: 'locate_and_label',
    precision: s.precision,
    word_encoder: $.word_encoder,
    // Each has one hidden layer with GELU, as large as a word vector.
    filter: { span_extractor: 'inner_boundary', dropout: s.dropout },
    regressor: { span_extractor: 'outer_boundary', dropout: s.dropout },
    classifier: { span_extractor: 'inner_boundary', dropout: s.dropout },
    decoder: {
      type: 'soft_nms',
      decay: s.decay,
      overlap_threshold: s.overlap_threshold,
      score_threshold: s.score_threshold,
    },
    metric: { verbose: s.verbose },
    seed_lengths: s.seed_lengths,
    positive_iou: 0.7,
    match_iou: 1.0,
    soft_example_eta: 1.0,
    focal_gamma: 2.0,
    loss_weights: [1.0, 0.1, 1.0],
  },
}
