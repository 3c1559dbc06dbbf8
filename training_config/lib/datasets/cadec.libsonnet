// CADEC, posts of patients on adverse drug events, discontinuous mentions among them: made from the
// release (docs/data.md).
{
  dataset:: {
    name: 'cadec',
    train: 'data/cadec/train.jsonl',
    dev: 'data/cadec/dev.jsonl',
    test: 'data/cadec/test.jsonl',
    format: 'jsonl',
  },
}
