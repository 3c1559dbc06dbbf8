// The config in an archive, to go on from with another corpus; see ../fine_tune.jsonnet.
local env = import 'environment.libsonnet';
local archive = env.archive;
local reader = archive.dataset_reader;
local windows = std.objectHas(reader, 'max_training_context_wordpieces');
local corpora = (import 'corpora.libsonnet')(
  { format: std.get(reader, 'format', 'auto'), text_splitter: std.get(reader, 'text_splitter', {}) },
  windows,
  held_out=0.1
);
local gpus = env.devices('GPUS');
// Without TUNE, as the archive's training did.
local tuning = env.tuning;
local tunes = env.text('TUNE', '') != '';
local others = [
  callback
  for callback in std.get(archive.trainer, 'callbacks', [])
  if (if std.isObject(callback) then std.get(callback, 'type', '') else callback) != 'tune_thresholds'
];
// As in experiment.libsonnet: a group with a rate of its own is the encoder's.
local optimizer = archive.trainer.optimizer;
local groups = std.get(optimizer, 'parameter_groups', []);
local own = [group[1].lr for group in groups if std.objectHas(group[1], 'lr')];
local rate = env.positive('LEARNING_RATE', null);
local is_shared = std.all([lr == optimizer.lr for lr in own]);
local head_rate = env.positive('HEAD_LEARNING_RATE', if is_shared then rate else null);

std.mergePatch(archive, {
  distributed: null,
  dataset_reader: { format: null, text_splitter: null, held_out: null },
  trainer: { cuda_device: null },
}) {
  dataset_reader+: corpora.reader,
  train_data_path: corpora.train,
  validation_data_path: corpora.dev,
  test_data_path: corpora.test,
  evaluate_on_test: self.test_data_path != null && std.length(gpus) <= 1,
  [if std.length(gpus) > 1 then 'distributed']: { cuda_devices: gpus },
  vocabulary: { type: 'extend', directory: env.text('FROM', '') },
  model+: {
    initializer: { regexes: [['.*', { type: 'archive', weights_file_path: env.text('FROM', '') }]] },
  },
  trainer+: {
    [if std.length(gpus) == 1 then 'cuda_device']: gpus[0],
    [if tunes then 'callbacks']: others + (if tuning == null then [] else [tuning]),
    optimizer+: {
      [if head_rate != null then 'lr']: head_rate,
      [if rate != null && groups != [] then 'parameter_groups']: [
        [group[0], group[1] { [if std.objectHas(group[1], 'lr') then 'lr']: rate }]
        for group in groups
      ],
    },
    num_epochs: env.whole('EPOCHS', super.num_epochs),
    patience: env.unless_empty('PATIENCE', env.whole('PATIENCE', std.get(archive.trainer, 'patience', null))),
  },
}
