from locate_label_allennlp.decoders import KeepAllDecoder, ScoredSpan


def test_overlapping_spans_all_stay_if_their_scores_do():
    spans = [
        ScoredSpan(1, 2, "B", 0.95),
        ScoredSpan(1, 2, "A", 0.8),
        ScoredSpan(0, 2, "A", 0.9),
        ScoredSpan(0, 3, "A", 0.4),
        ScoredSpan(1, 2, "A", 0.85),
    ]
    assert KeepAllDecoder().decode(spans) == [spans[2], spans[4], spans[0]]
