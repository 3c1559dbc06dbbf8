// CoNLL 2003 English (Table 7 of the paper): flat news entities, strict F1 92.94, trained on train and
// dev joined (TRAIN can name both files). Table 6 has no column for it; these are ACE 2004's.
//
// Data: data/conll03/eng.{train,testa,testb}: word, part of speech, chunk, entity.
// Word vectors: GloVe, 100 dimensions, fetched at the first run.
// Environment: see lib/experiment.libsonnet.
(import 'lib/locate_and_label.libsonnet') {
  data:: {
    train: 'data/conll03/eng.train',
    dev: 'data/conll03/eng.testa',
    test: 'data/conll03/eng.testb',
    format: { type: 'columns', pos_column: 1, label_columns: [3] },
  },
  settings:: {
    encoder: 'bert-large-cased',
    vectors: 'https://allennlp.s3.amazonaws.com/datasets/glove/glove.6B.100d.txt.gz',
    seed_lengths: std.range(1, 7) + [9, 11, 13, 15],
    learning_rate: 3e-5,
    batch_size: 8,
    decay: 0.9,
    overlap_threshold: 0.6,
    score_threshold: 0.55,
  },
}
