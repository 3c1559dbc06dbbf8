// HAREM, the types of given gold mentions: the paper's accuracy 64.98 %, its F1 78.77.
//
// Data: data/harem/{train,dev,test}.jsonl, two parts of First HAREM, and miniHAREM;
// docs/span_level.md says how to make them.
// Word vectors: give VECTORS, made of the same corpus by `allennlp pretrain-vectors`.
// Environment: see lib/experiment.libsonnet and lib/span_level.libsonnet.
(import 'lib/span_level.libsonnet') {
  data:: {
    train: 'data/harem/train.jsonl',
    dev: 'data/harem/dev.jsonl',
    test: 'data/harem/test.jsonl',
    format: 'jsonl',
    text_splitter: { language: 'pt' },
  },
}
