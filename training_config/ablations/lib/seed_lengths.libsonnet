// Seeds of other lengths, in words. The paper has one set for GENIA and one for the other corpora.
function(lengths) { model+: { seed_lengths: lengths } }
