// LitBank, nested entities of English novels: the split of NAACL 2019 as label columns.
{
  dataset:: {
    name: 'litbank',
    train: 'data/litbank/train.data',
    dev: 'data/litbank/dev.data',
    test: 'data/litbank/test.data',
    format: 'columns',
  },
}
