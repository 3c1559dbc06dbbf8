// Proposer and regressor: the model, and the settings that the paper gives in section 4.2.
(import '../experiment.libsonnet') {
  defaults+:: {
    learning_rate: 2e-5,
    // The paper says nothing of dropout, batch and sizes, and of epochs only that its comparisons
    // of kernels, layers and heads took 5.
    dropout: 0.1,
    kernels: [2, 2],
    layers: 3,
    heads: 8,
    hidden_step: self.heads,
  },
  on_dataset:: {
    weibo: { kernels: [2, 2, 2] },
    quickstart: { dropout: 0.1 },
  },

  local s = $.chosen,
  word_encoder+:: {
    text_field_embedder+: {
      token_embedders+: {
        // Equation (2).
        characters+: {
          encoder: {
            type: 'mean_pooled',
            encoder: {
              type: 'gru',
              input_size: s.char_dim,
              hidden_size: s.char_dim / 2,
              bidirectional: true,
            },
          },
        },
      },
    },
    encoder: { type: 'projected_gru', output_dim: s.hidden },  // equation (4)
  },
  model: {
    type: 'proposer_regressor',
    precision: s.precision,
    word_encoder: $.word_encoder,
    proposer: { kernels: s.kernels, backward_block: true, dropout: s.dropout },
    regressor: {
      num_layers: s.layers,
      num_heads: s.heads,
      category_embedding: true,
      spatial_modulation: true,
      gated_update: true,
      location_iteration: true,
      logit_iteration: true,
      dropout: s.dropout,
    },
    prediction_head: { dropout: s.dropout },
    decoder: { type: 'none', score_threshold: 0.0 },
    metric: { verbose: s.verbose },
  },
  trainer+: {
    // Linear warm-up, then half a cosine down to nothing.
    learning_rate_scheduler: { type: 'warmup_cosine', warmup: s.warmup },
  },
}
