// NEREL, the types of given gold mentions, discontinuous ones among them: the paper's accuracy is
// 68.66 %, and its F1 68.69, here not with a recall of 100 %.
//
// Data: data/nerel/{train,dev,test}, folders of .txt and .ann.
// Word vectors: give VECTORS, made of the same corpus by `allennlp pretrain-vectors`.
// Environment: see lib/experiment.libsonnet and lib/span_level.libsonnet.
(import 'lib/span_level.libsonnet') {
  data:: {
    train: 'data/nerel/train',
    dev: 'data/nerel/dev',
    test: 'data/nerel/test',
    format: { type: 'brat', splitting: { language: 'ru' } },
    text_splitter: { language: 'ru' },
  },
}
