// Every named ablation. One is added to a config of its system:
//   (import '../genia.jsonnet') + (import '../lib/ablations.libsonnet').without_filter
local model(changes) = { model+: changes };
local kernels(sizes) = { settings+:: { kernels: sizes } };
local regressor(size) = { settings+:: { kernels: [2, 3] } + size };
local contextual(name, words, encoder) = model({
  word_encoder+: words {
    context_embedder:
      if 'context_embedder' in super then super.context_embedder {
        token_embedders+: { encoder+: encoder },
      }
      else error name + ' needs a contextual encoder; give ENCODER',
  },
});
local without(part, step) = model({ [part]+: { [step]: false } });

{
  // Locate and Label, Table 3 of the paper.
  without_filter: model({ filter: null }),  // every seed is a proposal
  without_regressor: model({ regressor: null }),  // proposals keep the boundaries of their seeds
  without_filter_and_regressor: self.without_filter + self.without_regressor,
  without_soft_examples: model({ soft_example_eta: 0.0 }),  // weight 1 in equation (11)
  // Every span with a score above the threshold is an entity.
  without_soft_nms: model({
    local threshold = super.decoder.score_threshold,
    decoder: { type: 'none', score_threshold: threshold },
  }),

  // Seeds of other lengths, in words. The paper has one set for GENIA, one for all others.
  seed_lengths_1_to_3: model({ seed_lengths: std.range(1, 3) }),
  seed_lengths_1_to_5: model({ seed_lengths: std.range(1, 5) }),
  seed_lengths_1_to_7_9_11_13_15: model({ seed_lengths: std.range(1, 7) + [9, 11, 13, 15] }),

  // All negative seeds in training instead of five drawn at random for each positive one.
  all_negatives: model({ negatives_per_positive: null }),

  // As in the authors' released code. The focal form of equation (16):
  focal_classifier: model({ classifier_focal_gamma: 2.0 }),
  // Boundaries move by a share of the sentence's length, never to the left:
  non_negative_offsets: model({ regressor+: { offsets: 'non_negative' } }),
  // Spans that cross are both dropped before Soft-NMS:
  drop_crossing: model({ decoder+: { drop_crossing: true } }),
  // A wordpiece's vector is the mean of the encoder's last four layers, a word's the maximum over
  // its wordpieces:
  last_four_layers: contextual('last_four_layers', {}, { last_layers: 4, pooling: 'max' }),
  // The heads know the vector of [CLS], too (GENIA and ACE 2004 there):
  sentence_vector: contextual('sentence_vector', {}, { sentence_vector: true }),
  // The encoder's vectors go past the BiLSTM and join what it makes of the rest (KBP 2017 there):
  context_after_encoder: contextual('context_after_encoder', { context_after_encoder: true }, {}),
  // Learned from some lengths, predicted with every one (ACE 2005 and KBP 2017 there):
  seed_lengths_1_to_5_7_9_11_13_15_then_all: model({
    seed_lengths: std.range(1, 5) + [7, 9, 11, 13, 15],
    evaluation_seed_lengths: std.range(1, 15),
  }),
  // A seed that would move out of its sentence, or its boundaries past each other, is dropped:
  drop_illegal: model({ drop_illegal: true }),
  // The lambdas of ACE 2005 and GENIA there, and of ACE 2004 and KBP 2017:
  loss_weights_1_1_1: model({ loss_weights: [1.0, 1.0, 1.0] }),
  loss_weights_01_1_1: model({ loss_weights: [0.1, 1.0, 1.0] }),

  // Proposer and regressor, Table 6 of the paper.
  without_backward_block: without('proposer', 'backward_block'),
  without_spatial_modulation: without('regressor', 'spatial_modulation'),
  without_gated_update: without('regressor', 'gated_update'),
  without_category_embedding: without('regressor', 'category_embedding'),
  without_location_iteration: without('regressor', 'location_iteration'),
  without_logit_iteration: without('regressor', 'logit_iteration'),

  // The kernels of its pyramid, Table 7.
  kernels_none: kernels([]),
  kernels_2: kernels([2]),
  kernels_2_2_2: kernels([2, 2, 2]),
  kernels_2_2_2_2: kernels([2, 2, 2, 2]),
  kernels_2_3: kernels([2, 3]),
  kernels_2_3_2: kernels([2, 3, 2]),

  // Its regressor's layers and attention heads, Figures 5 and 6, which took kernels of [2, 3] and
  // five epochs (EPOCHS=5).
  layers_1: regressor({ layers: 1 }),
  layers_2: regressor({ layers: 2 }),
  layers_3: regressor({ layers: 3 }),
  layers_4: regressor({ layers: 4 }),
  layers_5: regressor({ layers: 5 }),
  heads_1: regressor({ heads: 1 }),
  heads_2: regressor({ heads: 2 }),
  heads_4: regressor({ heads: 4 }),
  heads_8: regressor({ heads: 8 }),
  heads_16: regressor({ heads: 16 }),

  // The span-level classifier made to detect: every span up to ten words, NONE among the types.
  detection: { settings+:: { gold_spans: false } },
}
