// GermEval 2014, the types of given gold mentions: the paper's accuracy 69.47 %, its F1 81.99.
//
// Data: data/germeval2014/germ.{train,dev,test}.iob2, outer and inner labels in columns.
// Word vectors: give VECTORS, made of the same corpus by `allennlp pretrain-vectors`.
// Environment: see lib/experiment.libsonnet and lib/span_level.libsonnet.
(import 'lib/span_level.libsonnet') {
  data:: {
    train: 'data/germeval2014/germ.train.iob2',
    dev: 'data/germeval2014/germ.dev.iob2',
    test: 'data/germeval2014/germ.test.iob2',
    format: { type: 'columns', one_document: false },
    text_splitter: { language: 'de' },
  },
}
