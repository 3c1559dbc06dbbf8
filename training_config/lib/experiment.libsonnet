// The experiment that all configs share. A config is a system on a dataset, in one line:
//
//   (import 'lib/systems/locate_and_label.libsonnet') + (import 'lib/datasets/genia.libsonnet')
//
// A new dataset is a file in datasets/, which gives `dataset`; a new system is one in systems/, which
// adds a `model` and its `defaults` to this file; an ablation is a line in ablations.libsonnet. Of
// these settings the later win:
//
//   `defaults`           here, and in the system's file
//   `dataset.settings`   on this dataset, whatever the system
//   `on_dataset`         in the system's file: on the dataset of this name
//   `settings`           in the config itself, or in an ablation
//   the environment      the variables below; a value that is not allowed is an error in one line
//
// The corpus:
//   TRAIN DEV TEST    corpora: a file, folder, pattern or archive each, or several with commas
//                     between them (as a JSON list, if a path has a comma in it). DEV empty: a tenth
//                     of the documents of TRAIN is held out instead, always the same; TEST empty: no
//                     test
//   FORMAT            of all of them and of predictions: a name, or JSON with its arguments, such
//                     as {"type": "brat", "splitting": {"language": "ru"}}
//   LANGUAGE WORDS    how running text is split, in corpora that hold some and in predictions: spaCy's
//                     code of the language (xx for any other) or an installed pipeline; spacy,
//                     whitespace or characters
//
// What is read:
//   ENCODER           contextual encoder: a folder or a name on the model hub; empty for none
//   VECTORS           word vectors as text, one word a line, plain or compressed; empty for none
//   WORD_DIM          numbers in a word vector; that of VECTORS
//   CONTEXT           neighbouring sentences that the encoder reads on each side, or `window`: the
//                     sentences of a document share windows of the encoder, which is faster
//   LAST_LAYERS       a wordpiece's vector is the mean of so many last layers of the encoder
//   HIDDEN            size of the word vectors that the model works on; an even number
//
// The training:
//   EPOCHS            at most
//   PATIENCE          epochs without a better score on DEV before it ends; empty for all EPOCHS
//   BATCH_SIZE        in sentences
//   BUDGET            instead of it, in wordpieces after padding, context included; with windows
//                     it is one window, unless it is set; empty for BATCH_SIZE
//   LEARNING_RATE     of the encoder; of everything else too, unless HEAD_LEARNING_RATE or the
//                     dataset's file says what that is
//   HEAD_LEARNING_RATE
//   ATTENTION_DROPOUT of the encoder instead of its own, which an empty one is; with 0, the default
//                     with windows, it trains faster
//   PRECISION         fp32, bf16, fp16, or auto: bf16 where the GPU or CPU has it, else fp16
//                     on a GPU, fp32 on a CPU
//   TUNE              1: at the end, thresholds and calibration are chosen on DEV and written into the
//                     archive (the callback tune_thresholds); macro: for the mean of the types instead
//                     of all entities together
//   SEED
//   GPUS              the devices, by default the first GPU if there is one: one, such as 0 (-1:
//                     the CPU), or a process each for several, such as 0,1 (-1,-1: two on the CPU);
//                     with several, AllenNLP cannot evaluate on the test set, `allennlp evaluate` can
local env = import 'environment.libsonnet';
local gpus = env.devices('GPUS');
local tuning = env.tuning;

{
  // What a dataset's file says: `name`; `train`, `dev`, `test`, `format`, `text_splitter`, see
  // corpora.libsonnet; `encoder` and `vectors`, which suit its language; `settings`.
  dataset:: {},

  // What a system's file adds to.
  defaults:: {
    encoder: std.get($.dataset, 'encoder', 'bert-large-cased'),
    vectors: std.get($.dataset, 'vectors', ''),
    context: 1,
    word_dim: 100,
    pos_dim: 50,
    char_dim: 50,
    last_layers: 1,
    skip_connection: false,  // past the BiLSTM
    hidden: 1024,
    hidden_step: 2,  // what it has to be a multiple of
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
    held_out: 0.1,  // of the documents of train, without dev
    window: 512,
    shared_window: 256,  // in training with context: 'window'; in prediction it is window
    attention_dropout: null,
    verbose: false,
  },
  on_dataset:: {},
  model: error 'model',

  settings:: {},

  // What holds in the end.
  local given =
    $.defaults
    + std.get($.dataset, 'settings', {})
    + std.get($.on_dataset, std.get($.dataset, 'name', ''), {})
    + $.settings,
  chosen:: given {
    encoder: env.text('ENCODER', given.encoder),
    vectors: env.text('VECTORS', given.vectors),
    word_dim: env.whole('WORD_DIM', given.word_dim),
    context: env.whole('CONTEXT', given.context, minimum=0, word='window'),
    last_layers: env.whole('LAST_LAYERS', given.last_layers),
    hidden: env.whole('HIDDEN', given.hidden, step=given.hidden_step),
    epochs: env.whole('EPOCHS', given.epochs),
    batch_size: env.whole('BATCH_SIZE', given.batch_size),
    budget: env.unless_empty('BUDGET', env.whole(
      'BUDGET',
      if given.budget == null && self.encoder != '' && self.context == 'window'
      then self.shared_window
      else given.budget
    )),
    precision: env.choice('PRECISION', given.precision, ['auto', 'fp32', 'bf16', 'fp16']),
    attention_dropout: env.unless_empty('ATTENTION_DROPOUT', env.rate(
      'ATTENTION_DROPOUT',
      if given.attention_dropout == null && self.context == 'window' then 0
      else given.attention_dropout
    )),
    patience: env.unless_empty('PATIENCE', env.whole('PATIENCE', given.patience)),
    learning_rate: env.positive('LEARNING_RATE', given.learning_rate),
    head_learning_rate: env.positive(
      'HEAD_LEARNING_RATE',
      if given.head_learning_rate == null then self.learning_rate
      // Without an encoder there is nothing else that LEARNING_RATE could be of.
      else if self.encoder == '' then env.positive('LEARNING_RATE', given.head_learning_rate)
      else given.head_learning_rate
    ),
  },
  local s = $.chosen,
  local contextual = s.encoder != '',
  local windows = contextual && s.context == 'window',
  local seed = env.whole('SEED', 13, minimum=0),
  local corpora = (import 'corpora.libsonnet')($.dataset, windows, s.held_out),

  random_seed: seed,
  numpy_seed: seed,
  pytorch_seed: seed,
  // An archive carries the encoder's configuration and tokenizer, and needs no network.
  include_in_archive: ['encoder'],

  dataset_reader: {
    type: 'nested_ner',
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
    [if windows then 'context' else if contextual then 'context_sentences']: s.context,
    // But for [CLS] and [SEP].
    [if contextual then 'max_context_wordpieces']: s.window - 2,
    // Larger windows overlap less, and attention costs little where no gradient is kept.
    [if windows then 'max_training_context_wordpieces']: s.shared_window - 2,
  } + corpora.reader,
  train_data_path: corpora.train,
  validation_data_path: corpora.dev,
  test_data_path: corpora.test,
  evaluate_on_test: self.test_data_path != null && std.length(gpus) <= 1,
  [if std.length(gpus) > 1 then 'distributed']: { cuda_devices: gpus },

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
          last_layers: s.last_layers,
          [if s.attention_dropout != null then 'attention_dropout']: s.attention_dropout,
        },
      },
    },
    dropout: s.dropout,
    encoder: { type: 'lstm', hidden_size: s.hidden / 2, bidirectional: true },
    skip_connection: s.skip_connection,
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
    [if std.length(gpus) == 1 then 'cuda_device']: gpus[0],
    [if tuning != null then 'callbacks']: [tuning],
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
