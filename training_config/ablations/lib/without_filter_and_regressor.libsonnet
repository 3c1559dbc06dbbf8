// Table 3 of the paper: every seed is classified as it stands.
(import 'without_filter.libsonnet') + (import 'without_regressor.libsonnet')
