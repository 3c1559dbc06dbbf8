// MSRA, flat entities in Chinese news: a word is a character. There is no development set: a tenth
// of the sentences of train is held out.
{
  dataset:: {
    name: 'msra',
    train: 'data/msra/train.txt',
    test: 'data/msra/test.txt',
    format: { type: 'columns', one_document: false },
    text_splitter: { words: 'characters' },
    encoder: 'bert-base-chinese',
  },
}
