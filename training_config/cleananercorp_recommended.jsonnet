// CLEANANERCorp with the system that we recommend (docs/recipe.md).
(import 'lib/systems/recommended.libsonnet') + (import 'lib/datasets/cleananercorp.libsonnet')
