// KBP 2017 (Tables 5 and 6 of the paper): nested news entities, strict F1 84.05.
//
// Data: data/kbp17/{train,dev,test}.jsonl, made from the LDC's release.
// Word vectors: GloVe, 100 dimensions, fetched at the first run.
// Environment: see lib/experiment.libsonnet.
(import 'lib/locate_and_label.libsonnet') {
  data:: {
    train: 'data/kbp17/train.jsonl',
    dev: 'data/kbp17/dev.jsonl',
    test: 'data/kbp17/test.jsonl',
    format: 'auto',
  },
  settings:: {
    encoder: 'bert-large-cased',
    vectors: 'https://allennlp.s3.amazonaws.com/datasets/glove/glove.6B.100d.txt.gz',
    seed_lengths: std.range(1, 7) + [9, 11, 13, 15],
    learning_rate: 5e-5,
    batch_size: 4,
    decay: 0.9,
    overlap_threshold: 0.6,
    score_threshold: 0.5,
  },
}
