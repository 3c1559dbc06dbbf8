// ANERcorp, the types of given gold mentions: the paper's accuracy 72.73 %, its F1 84.21.
//
// Data: data/anercorp/{train,dev,test}.jsonl. The corpus is one file without a split;
// docs/span_level.md says how to part it.
// Word vectors: give VECTORS, made of the same corpus by `allennlp pretrain-vectors`.
// Environment: see lib/experiment.libsonnet and lib/span_level.libsonnet.
(import 'lib/span_level.libsonnet') {
  data:: {
    train: 'data/anercorp/train.jsonl',
    dev: 'data/anercorp/dev.jsonl',
    test: 'data/anercorp/test.jsonl',
    format: 'jsonl',
    text_splitter: { language: 'ar' },
  },
}
