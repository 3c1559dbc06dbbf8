// GENIA (Tables 5 and 6 of the paper): nested biomedical entities, strict F1 80.54, trained on train
// and dev joined (16,692 sentences). For that, give TRAIN both files with a comma between them; DEV
// says after which epoch to stop, and has to be another corpus, or empty: then a tenth is held out.
//
// Data: data/genia/genia.{train,dev,test}.iob2, one label column a level; JSON lines work as well.
// Word vectors: none by default (the paper's were trained on PubMed); give VECTORS to use some.
// Environment: see lib/experiment.libsonnet.
(import 'lib/locate_and_label.libsonnet') {
  data:: {
    train: 'data/genia/genia.train.iob2',
    dev: 'data/genia/genia.dev.iob2',
    test: 'data/genia/genia.test.iob2',
    format: 'auto',
  },
  settings:: {
    encoder: 'dmis-lab/biobert-large-cased-v1.1',
    seed_lengths: std.range(1, 10),
    learning_rate: 5e-6,
    batch_size: 6,
    decay: 0.9,
    overlap_threshold: 0.7,
    score_threshold: 0.45,
  },
}
