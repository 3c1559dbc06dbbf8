// CLEANANERCorp, Arabic, flat news entities: ANERcorp with its labels corrected. There is no
// development set: a tenth of the sentences of train is held out.
{
  dataset:: {
    name: 'cleananercorp',
    train: 'data/cleananercorp/cleananercorp_TRAIN.txt',
    test: 'data/cleananercorp/cleananercorp_TEST.txt',
    format: { type: 'columns', one_document: false, sentence_end: '.', bad_lines: 'skip' },
    text_splitter: { language: 'ar' },
    encoder: 'xlm-roberta-base',
  },
}
