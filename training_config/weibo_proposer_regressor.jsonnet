// Weibo, second release, with proposer and regressor (Table 4 of its paper): flat entities in Chinese
// messages, strict F1 72.38.
//
// Data: data/weibo/weiboNER_2nd_conll.{train,dev,test}; a word is a character, messages are unrelated.
// Word vectors: none by default; give VECTORS to use some.
// Environment: see lib/experiment.libsonnet.
(import 'lib/proposer_regressor.libsonnet') {
  data:: {
    train: 'data/weibo/weiboNER_2nd_conll.train',
    dev: 'data/weibo/weiboNER_2nd_conll.dev',
    test: 'data/weibo/weiboNER_2nd_conll.test',
    format: { type: 'columns', one_document: false, strip_position_digits: true },
    text_splitter: { words: 'characters' },
  },
  settings:: {
    encoder: 'bert-base-chinese',
    kernels: [2, 2, 2],
  },
}
