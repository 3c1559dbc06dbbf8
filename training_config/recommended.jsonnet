// A corpus of your own, in any language, with the system that we recommend (docs/recipe.md):
//
//   TRAIN=corpus/train DEV=corpus/dev TEST=corpus/test allennlp train \
//       training_config/recommended.jsonnet -s output/mine
//
// TRAIN is all that it needs: without DEV a tenth of the documents of TRAIN is held out, without
// TEST there is no test. FORMAT where the format is not told by the files (docs/data.md); LANGUAGE where
// text that is not split yet is not English. ENCODER is a multilingual encoder of base size by
// default; one of the language alone is better. ENCODER= trains without any, in minutes on a CPU.
// Environment: see lib/experiment.libsonnet.
(import 'lib/systems/recommended.libsonnet') + (import 'lib/datasets/custom.libsonnet')
