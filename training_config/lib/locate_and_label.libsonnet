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
  local span_dim = 3 * s.hidden,  // maximum and two boundary vectors
  local head(span_extractor) = {
    span_extractor: { type: span_extractor, input_dim: s.hidden },
    feedforward: {
      input_dim: span_dim,
      num_layers: 1,
      hidden_dims: s.hidden,
      activations: 'gelu',
    },
    dropout: s.dropout,
  },
  model: {
    type: 'locate_and_label',
    word_encoder: $.word_encoder,
    filter: head('inner_boundary'),
    regressor: head('outer_boundary'),
    classifier: head('inner_boundary'),
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
