// Where the corpora are and how they are read, by the variables TRAIN, DEV, TEST, FORMAT, LANGUAGE
// and WORDS; see experiment.libsonnet. `dataset` says what holds without them; what it leaves out is
// for the environment to say, but for the format, which is `auto`.
local env = import 'environment.libsonnet';

function(dataset, windows, held_out)
  local known = { train: null, dev: null, test: null, format: 'auto', text_splitter: {} } + dataset;
  local train = env.paths('TRAIN', known.train, required=true);
  local dev = env.paths('DEV', known.dev);
  local format = env.component('FORMAT', known.format);
  local splitting = std.prune({
    language: env.unless_empty('LANGUAGE', env.text('LANGUAGE', null)),
    words: env.unless_empty('WORDS', env.choice('WORDS', null, ['spacy', 'whitespace', 'characters'])),
  });
  local typed = if std.isString(format) then { type: format } else format;
  local has_words = std.member(['columns', 'spacy'], typed.type);
  // Where the format is that of the data, so is what splits raw text beside it.
  local text_splitter = (if format == known.format then known.text_splitter else {}) + splitting;
  {
    reader: {
      format: if splitting == {} || has_words then format else typed { splitting+: splitting },
      [if text_splitter != {} then 'text_splitter']: text_splitter,
      [if dev == null then 'held_out']: held_out,
    },
    // A path under `training` is read in the windows of training, without what is held out.
    train: if windows || dev == null then { training: train } else train,
    dev: if dev == null then { held_out: train } else dev,
    test: env.paths('TEST', known.test),
  }
