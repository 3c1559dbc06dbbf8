(import '../genia_proposer_regressor.jsonnet') + {
  model+: { regressor+: { location_iteration: false } },
}
