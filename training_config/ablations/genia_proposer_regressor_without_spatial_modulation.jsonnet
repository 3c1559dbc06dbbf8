(import '../genia_proposer_regressor.jsonnet') + {
  model+: { regressor+: { spatial_modulation: false } },
}
