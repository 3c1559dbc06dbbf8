(import '../genia.jsonnet') + (import 'lib/seed_lengths.libsonnet')(std.range(1, 3))
