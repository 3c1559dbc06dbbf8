// LitBank, the types of given gold mentions: the paper's accuracy 87.93 %, its F1 93.58.
//
// Data: data/litbank/{train,dev,test}.data, the split of NAACL 2019 as label columns.
// Word vectors: give VECTORS, made of the same corpus by `allennlp pretrain-vectors`.
// Environment: see lib/experiment.libsonnet and lib/span_level.libsonnet.
(import 'lib/span_level.libsonnet') {
  data:: {
    train: 'data/litbank/train.data',
    dev: 'data/litbank/dev.data',
    test: 'data/litbank/test.data',
    format: 'columns',
  },
}
