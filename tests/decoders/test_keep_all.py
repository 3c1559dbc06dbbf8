from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import KeepAllDecoder


def test_overlapping_spans_all_stay_if_their_scores_do():
    spans = [
        Entity(1, 3, "B", score=0.95),
        Entity(1, 3, "A", score=0.8),
        Entity(0, 3, "A", score=0.9),
        Entity(0, 4, "A", score=0.4),
        Entity(1, 3, "A", score=0.85),
    ]
    assert KeepAllDecoder().decode(spans) == [spans[2], spans[4], spans[0]]
