// Goes on with a trained model on another corpus:
//
//   FROM=output/custom/model.tar.gz TRAIN=corpus/train allennlp train \\
//       training_config/fine_tune.jsonnet -s output/fine_tuned
//
// The model is the archive's, with its reader and its settings. Words and types that it does not know
// are added; the parameters that belong to them start at random, all others where they were. What
// the first training took from elsewhere, an encoder or word vectors, has to be there once more.
//
// Environment: FROM, and TRAIN DEV TEST FORMAT LANGUAGE WORDS EPOCHS PATIENCE GPUS, of which
// lib/experiment.libsonnet tells. Anything else is an override, such as
// -o '{"trainer.optimizer.lr": 1e-4}'.
local env = import 'lib/environment.libsonnet';
local archive = env.archive;
local reader = archive.dataset_reader;
local windows = std.objectHas(reader, 'max_training_context_wordpieces');
local corpora = (import 'lib/corpora.libsonnet')(
  { format: std.get(reader, 'format', 'auto'), text_splitter: std.get(reader, 'text_splitter', {}) },
  windows,
  held_out=0.1
);
local gpus = env.devices('GPUS');

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
    num_epochs: env.whole('EPOCHS', super.num_epochs),
    patience: env.unless_empty('PATIENCE', env.whole('PATIENCE', std.get(archive.trainer, 'patience', null))),
  },
}
