// GermEval 2014, German, outer and inner labels in columns.
{
  dataset:: {
    name: 'germeval',
    train: 'data/germeval2014/germ.train.iob2',
    dev: 'data/germeval2014/germ.dev.iob2',
    test: 'data/germeval2014/germ.test.iob2',
    format: { type: 'columns', one_document: false },
    text_splitter: { language: 'de' },
    encoder: 'xlm-roberta-base',
  },
}
