// The experiment that every dataset's file fills in, but for the model, which is the system's.
//
// A dataset's file gives `data` (paths and corpus format), and overrides what is its own in
// `settings`; a system's file gives `model`, its own settings in `defaults`, and overrides parts of
// the rest. An environment variable wins over all of them:
//
//   TRAIN DEV TEST    corpus files
//   ENCODER           contextual encoder: a folder or a name on the model hub; "" for none
//   VECTORS           word vectors as text, one word a line, plain or compressed; "" for none
//   CONTEXT           neighbouring sentences that the encoder reads on each side, or `window`: the
//                     sentences of a document share windows of the encoder, which is faster
//   EPOCHS PATIENCE
//   BATCH_SIZE        in sentences
//   BUDGET            instead of it, in wordpieces after padding, context included; with windows
//                     it is one window, unless it is set
//   ATTENTION_DROPOUT of the encoder instead of its own; with 0, the default with windows, it
//                     trains faster
//   PRECISION         fp32, bf16, fp16, or auto: bf16 or fp16 on a GPU, fp32 on a CPU
//   LEARNING_RATE     of the encoder; of everything else too, unless HEAD_LEARNING_RATE is set
//   HIDDEN            size of the word vectors that the model works on
//   SEED
//   GPUS              several processes, one a device, such as 0,1 (-1,-1: two on the CPU); AllenNLP
//                     cannot evaluate on the test set then, `allennlp evaluate` can
local env = import 'environment.libsonnet';
local windows = env.text('CONTEXT', '') == 'window';
local gpus = std.filter(function(gpu) gpu != '', std.split(env.text('GPUS', ''), ','));

{
  // What a dataset's file says.
  data:: { train: error 'data.train', dev: error 'data.dev', test: null, format: 'auto' },
  settings:: {},

  // What a system's file says.
  defaults:: {
    encoder: 'bert-large-cased',
    vectors: '',
    context: 1,
    word_dim: 100,
    pos_dim: 50,
    char_dim: 50,
    hidden: 1024,
    dropout: 0.5,
    learning_rate: 3e-5,
    head_learning_rate: null,
    epochs: 35,
    batch_size: 8,
    budget: null,
    precision: 'auto',
    patience: 10,
    warmup: 0.1,
    weight_decay: 0.01,
    window: 512,
    shared_window: 256,  // in training with context: 'window'; in prediction it is window
    attention_dropout: null,
    verbose: false,
  },
  model: error 'model',

  // What holds in the end.
  local given = $.defaults + $.settings,
  chosen:: given {
    encoder: env.text('ENCODER', given.encoder),
    vectors: env.text('VECTORS', given.vectors),
    context: if windows then 'window' else env.number('CONTEXT', given.context),
    hidden: env.number('HIDDEN', given.hidden),
    epochs: env.number('EPOCHS', given.epochs),
    batch_size: env.number('BATCH_SIZE', given.batch_size),
    budget: env.number(
      'BUDGET',
      if given.budget == null && self.context == 'window' then self.shared_window else given.budget
    ),
    precision: env.text('PRECISION', given.precision),
    attention_dropout: env.number(
      'ATTENTION_DROPOUT',
      if given.attention_dropout == null && self.context == 'window' then 0
      else given.attention_dropout
    ),
    patience: env.number('PATIENCE', given.patience),
    learning_rate: env.number('LEARNING_RATE', given.learning_rate),
    head_learning_rate: env.number(
      'HEAD_LEARNING_RATE',
      if given.head_learning_rate == null then self.learning_rate else given.head_learning_rate
    ),
  },
  local s = $.chosen,
  // A second reader comes with them, and the name of a field cannot depend on other fields.
  assert windows || s.context != 'window' : 'set CONTEXT=window instead of settings.context',
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
      characters: { type: 'cached_characters' },
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
    [if s.context == 'window' then 'context' else 'context_sentences']: s.context,
    [if std.objectHas($.data, 'text_splitter') then 'text_splitter']: $.data.text_splitter,
    [if contextual then 'max_context_wordpieces']:
      // But for [CLS] and [SEP].
      (if s.context == 'window' then s.shared_window else s.window) - 2,
  },
  // Larger windows overlap less, and attention costs little where no gradient is kept.
  [if windows then 'validation_dataset_reader']:
    $.dataset_reader { max_context_wordpieces: s.window - 2 },
  train_data_path: env.text('TRAIN', $.data.train),
  validation_data_path: env.text('DEV', $.data.dev),
  test_data_path: env.text('TEST', $.data.test),
  evaluate_on_test: self.test_data_path != null && std.length(gpus) == 0,
  [if std.length(gpus) > 0 then 'distributed']: { cuda_devices: std.map(std.parseInt, gpus) },

  word_encoder:: {
    text_field_embedder: {
      token_embedders: {
        words: {
          type: 'embedding',
          embedding_dim: s.word_dim,
          [if s.vectors != '' then 'pretrained_file']: s.vectors,
        },
        characters: {
          type: 'character_encoding',
          embedding: { embedding_dim: s.char_dim, vocab_namespace: 'token_characters' },
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
        encoder: {
          type: 'windowed_transformer',
          model_name: s.encoder,
          window: s.window,
          [if s.attention_dropout != null then 'attention_dropout']: s.attention_dropout,
        },
      },
    },
    dropout: s.dropout,
    encoder: { type: 'lstm', hidden_size: s.hidden / 2, bidirectional: true },
  },

  local batches(times) = {
    batch_sampler:
      if s.budget != null then {
        type: 'token_budget',
        budget: times * s.budget,
        seed: seed,
      } else {
        type: 'bucket',
        batch_size: times * s.batch_size,
        sorting_keys: [if contextual then 'context' else 'tokens'],
      },
  },
  data_loader: batches(1),
  validation_data_loader: batches(4),

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
    type: 'mixed_precision',
    num_epochs: s.epochs,
    patience: s.patience,
    validation_metric: '+micro_f1',
    grad_norm: 1.0,
    optimizer: {
      type: 'fused_adamw',
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
