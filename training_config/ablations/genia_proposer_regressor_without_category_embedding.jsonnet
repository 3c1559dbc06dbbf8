(import '../genia_proposer_regressor.jsonnet') + {
  model+: { regressor+: { category_embedding: false } },
}
