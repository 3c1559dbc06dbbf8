// Weibo, second release, flat entities in Chinese messages: a word is a character, messages are
// unrelated. There are no word vectors by default; give VECTORS to use some.
{
  dataset:: {
    name: 'weibo',
    train: 'data/weibo/weiboNER_2nd_conll.train',
    dev: 'data/weibo/weiboNER_2nd_conll.dev',
    test: 'data/weibo/weiboNER_2nd_conll.test',
    format: { type: 'columns', one_document: false, strip_position_digits: true },
    text_splitter: { words: 'characters' },
    encoder: 'bert-base-chinese',
  },
}
