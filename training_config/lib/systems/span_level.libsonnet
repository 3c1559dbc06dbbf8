// The span-level strategy: the type of a mention from the static vectors of its words alone. The
// model, and its settings in section 2 and Table 1 of the paper, but for the batch (the paper's is
// one sentence) and the number of epochs (600; here the dev set says when to stop).
//
// Give VECTORS, made of the same corpus by `allennlp pretrain-vectors`. There is no ENCODER by
// default, as in the paper; the words of one know their sentence, and CONTEXT sentences around it.
//
// With `gold_spans`, the paper's task, the mentions are given, also those of the test set: the
// figures are named oracle_span_*, and stand beside no F1 of a model that detects. Without it every
// span is classified, and the figures are those of all other configs.
(import '../experiment.libsonnet') {
  defaults+:: {
    encoder: '',  // whatever the dataset's file says
    vectors: '',
    pos_dim: 0,
    gold_spans: true,
    word_dim: 300,
    hidden: 400,  // the BiLSTM: 200 each way
    dropout: 0.0,
    learning_rate: 1e-3,
    weight_decay: 0.0,
    batch_size: 64,
    epochs: 10,
    patience: 3,
    max_span_length: 10,  // for gold_spans: false
    negatives_per_positive: null,
    score_threshold: 0.5,
  },

  local s = $.chosen,
  dataset_reader+: {
    token_indexers+: { characters:: null },
    // Mentions in several pieces are given word by word; where spans are sought, none is one.
    discontinuous: if s.gold_spans then 'fragments' else 'skip',
  },
  word_encoder+:: {
    text_field_embedder+: { token_embedders+: { characters:: null } },
    encoder:: null,
  },
  local mentions = {
    encoder: { type: 'lstm', hidden_size: s.hidden / 2, bidirectional: true },
    dropout: s.dropout,
  },
  model: { precision: s.precision, word_encoder: $.word_encoder } + if s.gold_spans then {
    type: 'mention_typer',
  } + mentions else {
    type: 'enumerated_spans',
    span_scorer: { type: 'mention' } + mentions,
    decoder: { type: 'greedy', score_threshold: s.score_threshold },
    metric: { verbose: s.verbose },
    max_span_length: s.max_span_length,
    negatives_per_positive: s.negatives_per_positive,
  },
  trainer+: {
    validation_metric: if s.gold_spans then '+oracle_span_accuracy' else '+micro_f1',
    // Adam, at one learning rate from beginning to end.
    learning_rate_scheduler:: null,
  },
}
