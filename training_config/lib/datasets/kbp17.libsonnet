// KBP 2017, nested news entities: made from the LDC's release (docs/data.md).
{
  dataset:: {
    name: 'kbp17',
    train: 'data/kbp17/train.jsonl',
    dev: 'data/kbp17/dev.jsonl',
    test: 'data/kbp17/test.jsonl',
    // Fetched at the first run.
    vectors: 'https://allennlp.s3.amazonaws.com/datasets/glove/glove.6B.100d.txt.gz',
  },
}
