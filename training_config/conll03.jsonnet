// CoNLL 2003 English (Table 7 of the paper): strict F1 92.94, trained on train and dev joined
// (TRAIN can name both files).
(import 'lib/systems/locate_and_label.libsonnet') + (import 'lib/datasets/conll03.libsonnet')
