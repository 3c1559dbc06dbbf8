// HAREM, Portuguese: two parts of First HAREM, and miniHAREM; docs/span_level.md says how to make
// them.
{
  dataset:: {
    name: 'harem',
    train: 'data/harem/train.jsonl',
    dev: 'data/harem/dev.jsonl',
    test: 'data/harem/test.jsonl',
    format: 'jsonl',
    text_splitter: { language: 'pt' },
    encoder: 'xlm-roberta-base',
  },
}
