// GENIA with proposer and regressor (Table 2 of its paper): nested biomedical entities, strict F1
// 80.74.
//
// Data: data/genia/genia.{train,dev,test}.iob2, one label column a level; JSON lines work as well.
// Word vectors: none by default (the paper's are BioWordVec's); give VECTORS to use some.
// Environment: see lib/experiment.libsonnet.
(import 'lib/proposer_regressor.libsonnet') {
  data:: {
    train: 'data/genia/genia.train.iob2',
    dev: 'data/genia/genia.dev.iob2',
    test: 'data/genia/genia.test.iob2',
    format: 'auto',
  },
  settings:: {
    encoder: 'dmis-lab/biobert-large-cased-v1.1',
    kernels: [2, 2],
  },
}
