// NEREL, Russian, nested news entities, discontinuous ones among them: folders of .txt and .ann.
{
  dataset:: {
    name: 'nerel',
    train: 'data/nerel/train',
    dev: 'data/nerel/dev',
    test: 'data/nerel/test',
    format: { type: 'brat', splitting: { language: 'ru' } },
    text_splitter: { language: 'ru' },
    encoder: 'xlm-roberta-base',
  },
}
