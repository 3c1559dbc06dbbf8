// Table 3 of the paper: every span with a score above the threshold is an entity.
{
  model+: {
    local threshold = super.decoder.score_threshold,
    decoder: { type: 'none', score_threshold: threshold },
  },
}
