// CADEC with the system that we recommend (docs/recipe.md); a discontinuous mention counts as missed.
(import 'lib/systems/recommended.libsonnet') + (import 'lib/datasets/cadec.libsonnet')
