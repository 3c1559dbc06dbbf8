// ACE 2005 (Tables 5 and 6 of the paper): nested news entities, strict F1 86.67.
//
// Data: data/ace05/{train,dev,test}.jsonl, made from the LDC's release.
// Word vectors: GloVe, 100 dimensions, fetched at the first run.
// Environment: see lib/experiment.libsonnet.
(import 'lib/locate_and_label.libsonnet') {
  data:: {
    train: 'data/ace05/train.jsonl',
    dev: 'data/ace05/dev.jsonl',
    test: 'data/ace05/test.jsonl',
    format: 'auto',
  },
  settings:: {
    encoder: 'bert-large-cased',
    vectors: 'https://allennlp.s3.amazonaws.com/datasets/glove/glove.6B.100d.txt.gz',
    seed_lengths: std.range(1, 7) + [9, 11, 13, 15],
    learning_rate: 3e-5,
    batch_size: 8,
    decay: 0.8,
    overlap_threshold: 0.7,
    score_threshold: 0.5,
  },
}
