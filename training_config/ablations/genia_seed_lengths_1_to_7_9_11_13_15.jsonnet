(import '../genia.jsonnet') +
(import 'lib/seed_lengths.libsonnet')(std.range(1, 7) + [9, 11, 13, 15])
