// CoNLL 2003 English with proposer and regressor (Table 3 of its paper): strict F1 93.00, trained
// on train and dev joined (TRAIN can name both files).
(import 'lib/systems/proposer_regressor.libsonnet') + (import 'lib/datasets/conll03.libsonnet')
