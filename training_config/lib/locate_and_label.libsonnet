// Locate and Label (Shen et al., ACL 2021): the experiment that every dataset's file fills in.
//
// A dataset's file gives `data` (paths and corpus format), and overrides what is its own in
// `settings`. An environment variable wins over both:
//
//   TRAIN DEV TEST    corpus files
//   ENCODER           contextual encoder: a folder or a name on the model hub; "" for none
//   VECTORS           word vectors as text, one word a line, plain or compressed; "" for none
//   CONTEXT           neighbouring sentences that the encoder reads on each side
//   EPOCHS BATCH_SIZE PATIENCE
//   LEARNING_RATE     of the encoder; of everything else too, unless HEAD_LEARNING_RATE is set
//   HIDDEN            size of the BiLSTM's word vectors (h)
//   SEED
//   GPUS              several processes, one a device, such as 0,1 (-1,-1: two on the CPU); AllenNLP
//                     cannot evaluate on the test set then, `allennlp evaluate` can
local env = import 'environment.libsonnet';
local gpus = std.filter(function(gpu) gpu != '', std.split(env.text('GPUS', ''), ','));

{
  // What a dataset's file says.
  data:: { train: error 'data.train', dev: error 'data.dev', test: null, format: 'auto' },
  settings:: {},

  // Section 3.3 and Table 6.
  local paper = {
    encoder: 'bert-large-cased',
    vectors: '',
    context: 1,
    word_dim: 100,
    pos_dim: 50,
    char_dim: 50,
    hidden: 1024,
    dropout: 0.5,
    seed_lengths: std.range(1, 7) + [9, 11, 13, 15],
    learning_rate: 3e-5,
    head_learning_rate: null,
    epochs: 35,
    batch_size: 8,
    patience: 10,
    warmup: 0.1,
    weight_decay: 0.01,
    decay: 0.9,
    overlap_threshold: 0.6,
    score_threshold: 0.5,
    window: 512,
    verbose: false,
  },
  local given = paper + $.settings,
  local s = given {
    encoder: env.text('ENCODER', given.encoder),
    vectors: env.text('VECTORS', given.vectors),
    context: env.number('CONTEXT', given.context),
    hidden: env.number('HIDDEN', given.hidden),
    epochs: env.number('EPOCHS', given.epochs),
    batch_size: env.number('BATCH_SIZE', given.batch_size),
    patience: env.number('PATIENCE', given.patience),
    learning_rate: env.number('LEARNING_RATE', given.learning_rate),
    head_learning_rate: env.number(
      'HEAD_LEARNING_RATE',
      if given.head_learning_rate == null then self.learning_rate else given.head_learning_rate
    ),
  },
  local contextual = s.encoder != '',
  local seed = env.number('SEED', 13),

  random_seed: seed,
  numpy_seed: seed,
  pytorch_seed: seed,
  // An archive carries the encoder's configuration and tokenizer, and needs no network.
  include_in_archive: ['encoder'],

  dataset_reader: {
    type: 'nested_ner',
    format: $.data.format,
    token_indexers: {
      words: { type: 'single_id', lowercase_tokens: true },
      characters: { type: 'characters', min_padding_length: 1 },
      [if s.pos_dim > 0 then 'pos']: {
        type: 'single_id',
        namespace: 'pos',
        feature_name: 'pos_',
        default_value: '-',
      },
    },
    [if contextual then 'context_indexers']: {
      encoder: { type: 'windowed_transformer', model_name: s.encoder },
    },
    context_sentences: s.context,
    [if std.objectHas($.data, 'text_splitter') then 'text_splitter']: $.data.text_splitter,
    [if contextual then 'max_context_wordpieces']: s.window - 2,  // but for [CLS] and [SEP]
  },
  train_data_path: env.text('TRAIN', $.data.train),
  validation_data_path: env.text('DEV', $.data.dev),
  test_data_path: env.text('TEST', $.data.test),
  evaluate_on_test: self.test_data_path != null && std.length(gpus) == 0,
  [if std.length(gpus) > 0 then 'distributed']: { cuda_devices: std.map(std.parseInt, gpus) },

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
    word_encoder: {
      text_field_embedder: {
        token_embedders: {
          words: {
            type: 'embedding',
            embedding_dim: s.word_dim,
            [if s.vectors != '' then 'pretrained_file']: s.vectors,
          },
          characters: {
            type: 'character_encoding',
            embedding: { embedding_dim: s.char_dim },
            encoder: {
              type: 'lstm',
              input_size: s.char_dim,
              hidden_size: s.char_dim / 2,
              bidirectional: true,
            },
          },
          [if s.pos_dim > 0 then 'pos']: {
            type: 'embedding',
            vocab_namespace: 'pos',
            embedding_dim: s.pos_dim,
          },
        },
      },
      [if contextual then 'context_embedder']: {
        token_embedders: {
          encoder: { type: 'windowed_transformer', model_name: s.encoder, window: s.window },
        },
      },
      dropout: s.dropout,
      encoder: { type: 'lstm', hidden_size: s.hidden / 2, bidirectional: true },
    },
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

  local batches(size) = {
    batch_sampler: {
      type: 'bucket',
      batch_size: size,
      sorting_keys: [if contextual then 'context' else 'tokens'],
    },
  },
  data_loader: batches(s.batch_size),
  validation_data_loader: batches(4 * s.batch_size),

  // No weight decay on biases and norms. Every parameter matches exactly one pattern.
  local undecayed = '(bias|[Nn]orm)',
  local encoder_groups = [
    ['context_embedder(?!.*' + undecayed + ')', { lr: s.learning_rate }],
    ['context_embedder.*' + undecayed, { lr: s.learning_rate, weight_decay: 0.0 }],
  ],
  local head_groups = [
    ['^(?!.*(context_embedder|' + undecayed + '))', {}],
    ['^(?!.*context_embedder).*' + undecayed, { weight_decay: 0.0 }],
  ],
  trainer: {
    num_epochs: s.epochs,
    patience: s.patience,
    validation_metric: '+micro_f1',
    grad_norm: 1.0,
    optimizer: {
      type: 'adamw',
      lr: s.head_learning_rate,
      weight_decay: s.weight_decay,
      parameter_groups: [
        [[group[0]], group[1]]
        for group in (if contextual then encoder_groups else []) + head_groups
      ],
    },
    // Linear warm-up, then linear decay to nothing.
    learning_rate_scheduler: { type: 'slanted_triangular', cut_frac: s.warmup, ratio: 1000000 },
  },
}
