(import '../genia_proposer_regressor.jsonnet') + {
  model+: { proposer+: { backward_block: false } },
}
