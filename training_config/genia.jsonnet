// GENIA (Tables 5 and 6 of the paper): strict F1 80.54, trained on train and dev joined (16,692
// sentences). For that, give TRAIN both files with a comma between them; DEV says after which epoch
// to stop, and has to be another corpus, or empty: then a tenth is held out.
(import 'lib/systems/locate_and_label.libsonnet') + (import 'lib/datasets/genia.libsonnet')
