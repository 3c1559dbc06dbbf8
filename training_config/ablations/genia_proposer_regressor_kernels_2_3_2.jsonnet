(import '../genia_proposer_regressor.jsonnet') + {
  settings+:: { kernels: [2, 3, 2] },
}
