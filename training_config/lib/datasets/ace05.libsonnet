// ACE 2005, nested news entities: made from the LDC's release (docs/data.md).
{
  dataset:: {
    name: 'ace05',
    train: 'data/ace05/train.jsonl',
    dev: 'data/ace05/dev.jsonl',
    test: 'data/ace05/test.jsonl',
    // Fetched at the first run.
    vectors: 'https://allennlp.s3.amazonaws.com/datasets/glove/glove.6B.100d.txt.gz',
  },
}
