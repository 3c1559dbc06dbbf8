(import '../genia_proposer_regressor.jsonnet') + {
  model+: { regressor+: { gated_update: false } },
}
