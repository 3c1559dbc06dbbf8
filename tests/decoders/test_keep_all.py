from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import KeepAllDecoder


def test_overlapping_spans_all_stay_if_their_scores_do():
    starts, ends, scores = (1, 1, 0, 0, 1), (3, 3, 3, 4, 3), (0.95, 0.8, 0.9, 0.4, 0.85)
    spans = [
        Entity(start, end, type, score=score)
        for start, end, type, score in zip(starts, ends, "BAAAA", scores, strict=True)
    ]
    assert KeepAllDecoder().decode(spans) == [spans[2], spans[4], spans[0]]
