// ANERcorp, Arabic, flat news entities. The corpus is one file without a split; docs/span_level.md
// says how to part it.
{
  dataset:: {
    name: 'anercorp',
    train: 'data/anercorp/train.jsonl',
    dev: 'data/anercorp/dev.jsonl',
    test: 'data/anercorp/test.jsonl',
    format: 'jsonl',
    text_splitter: { language: 'ar' },
    encoder: 'xlm-roberta-base',
  },
}
