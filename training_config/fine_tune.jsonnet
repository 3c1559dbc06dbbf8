// Goes on with a trained model on another corpus:
//
//   FROM=output/custom/model.tar.gz TRAIN=corpus/train allennlp train \
//       training_config/fine_tune.jsonnet -s output/fine_tuned
//
// The model is the archive's, with its reader and its settings. Words and types that it does not
// know are added; the parameters that belong to them start at random, all others where they were. What
// the first training took from elsewhere, an encoder or word vectors, has to be there once more.
//
// Environment: FROM, and TRAIN DEV TEST FORMAT LANGUAGE WORDS EPOCHS PATIENCE LEARNING_RATE
// HEAD_LEARNING_RATE TUNE GPUS, of which lib/experiment.libsonnet tells. Anything else is an override,
// such as -o '{"trainer.grad_norm": 0.5}'. See docs/fine_tune.md.
import 'lib/fine_tune.libsonnet'
