// Locate and Label (Shen et al., ACL 2021): the model, and its settings in section 3.3 and Table 6.
// A dataset's file gives `data` and `settings`; see experiment.libsonnet, also for the environment.
(import 'experiment.libsonnet') {
  defaults+:: {
    seed_lengths: std.range(1, 7) + [9, 11, 13, 15],
    decay: 0.9,
    overlap_threshold: 0.6,
    score_threshold: 0.5,
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
