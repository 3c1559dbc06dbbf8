// ACE 2004, nested news entities: made from the LDC's release (docs/data.md).
{
  dataset:: {
    name: 'ace04',
    train: 'data/ace04/train.jsonl',
    dev: 'data/ace04/dev.jsonl',
    test: 'data/ace04/test.jsonl',
    // Fetched at the first run.
    vectors: 'https://allennlp.s3.amazonaws.com/datasets/glove/glove.6B.100d.txt.gz',
  },
}
