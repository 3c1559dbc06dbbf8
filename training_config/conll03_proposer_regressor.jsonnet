// CoNLL 2003 English with proposer and regressor (Table 3 of its paper): flat news entities, strict F1
// 93.00, trained on train and dev joined (TRAIN can name both files).
//
// Data: data/conll03/eng.{train,testa,testb}: word, part of speech, chunk, entity.
// Word vectors: GloVe, 100 dimensions, fetched at the first run.
// Environment: see lib/experiment.libsonnet.
(import 'lib/proposer_regressor.libsonnet') {
  data:: {
    train: 'data/conll03/eng.train',
    dev: 'data/conll03/eng.testa',
    test: 'data/conll03/eng.testb',
    format: { type: 'columns', pos_column: 1, label_columns: [3] },
  },
  settings:: {
    encoder: 'bert-large-cased',
    vectors: 'https://allennlp.s3.amazonaws.com/datasets/glove/glove.6B.100d.txt.gz',
    kernels: [2, 2],
  },
}
