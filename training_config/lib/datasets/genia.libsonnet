// GENIA, nested biomedical entities, one label column a level; JSON lines work as well. There are no
// word vectors by default (the papers' were trained on PubMed); give VECTORS to use some.
{
  dataset:: {
    name: 'genia',
    train: 'data/genia/genia.train.iob2',
    dev: 'data/genia/genia.dev.iob2',
    test: 'data/genia/genia.test.iob2',
    encoder: 'dmis-lab/biobert-large-cased-v1.1',
  },
}
