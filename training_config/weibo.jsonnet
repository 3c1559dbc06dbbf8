// Weibo, second release (Table 7 of the paper): flat entities in Chinese messages, strict F1 69.16.
// Table 6 has no column for it; these are ACE 2004's.
//
// Data: data/weibo/weiboNER_2nd_conll.{train,dev,test}; a word is a character, messages are unrelated.
// Word vectors: none by default; give VECTORS to use some.
// Environment: see lib/experiment.libsonnet.
(import 'lib/locate_and_label.libsonnet') {
  data:: {
    train: 'data/weibo/weiboNER_2nd_conll.train',
    dev: 'data/weibo/weiboNER_2nd_conll.dev',
    test: 'data/weibo/weiboNER_2nd_conll.test',
    format: { type: 'columns', one_document: false, strip_position_digits: true },
    text_splitter: { words: 'characters' },
  },
  settings:: {
    encoder: 'bert-base-chinese',
    seed_lengths: std.range(1, 7) + [9, 11, 13, 15],
    learning_rate: 3e-5,
    batch_size: 8,
    decay: 0.9,
    overlap_threshold: 0.6,
    score_threshold: 0.55,
  },
}
