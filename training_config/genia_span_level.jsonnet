// GENIA, the types of given gold mentions: the paper's accuracy 91.76 %, its F1 95.70.
//
// Data: as for genia.jsonnet.
// Word vectors: give VECTORS, made of the same corpus by `allennlp pretrain-vectors`.
// Environment: see lib/experiment.libsonnet and lib/span_level.libsonnet.
(import 'lib/span_level.libsonnet') {
  data:: {
    train: 'data/genia/genia.train.iob2',
    dev: 'data/genia/genia.dev.iob2',
    test: 'data/genia/genia.test.iob2',
    format: 'auto',
  },
}
