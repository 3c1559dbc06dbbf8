(import '../genia_proposer_regressor.jsonnet') + {
  model+: { regressor+: { logit_iteration: false } },
}
