// CoNLL 2003 English, flat news entities, in columns: word, part of speech, chunk, entity.
{
  dataset:: {
    name: 'conll03',
    train: 'data/conll03/eng.train',
    dev: 'data/conll03/eng.testa',
    test: 'data/conll03/eng.testb',
    format: { type: 'columns', pos_column: 1, label_columns: [3] },
    // Fetched at the first run.
    vectors: 'https://allennlp.s3.amazonaws.com/datasets/glove/glove.6B.100d.txt.gz',
  },
}
