from itertools import chain, combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.decoders import FlatDecoder
from tests.decoders.candidates import candidates

# Sixteenths, so that sums are exact and often equal.
SPANS = candidates(st.integers(0, 16).map(lambda score: score / 16), max_size=8)


def best_of_all_sets(spans, delta):
    candidates = sorted(
        (span for span in spans if span.score > delta), key=lambda span: (span.key, span.score)
    )
    sets = chain.from_iterable(combinations(candidates, n) for n in range(len(candidates) + 1))
    flat = [
        chosen
        for chosen in sets
        if all(a.end <= b.start or b.end <= a.start for a, b in combinations(chosen, 2))
    ]
    best = max(sum(span.score for span in chosen) for chosen in flat)
    # The first one by start, end and label among those with the best sum.
    return min(
        [list(chosen) for chosen in flat if sum(span.score for span in chosen) == best],
        key=lambda chosen: [span.key for span in chosen],
    )


def test_two_spans_may_beat_a_better_one():
    spans = [
        Entity(0, 2, "A", score=0.6),
        Entity(1, 3, "A", score=0.9),
        Entity(2, 4, "B", score=0.6),
    ]
    assert FlatDecoder().decode(spans) == [spans[0], spans[2]]


def test_spans_that_touch_do_not_overlap():
    spans = [
        Entity(0, 2, "A", score=0.6),
        Entity(2, 3, "A", score=0.9),
        Entity(3, 4, "B", score=0.6),
    ]
    assert FlatDecoder().decode(spans) == spans


def test_of_equal_sums_the_first_by_start_end_and_label_is_taken():
    spans = [
        Entity(1, 2, "A", score=0.75),
        Entity(0, 3, "A", score=0.75),
        Entity(0, 2, "B", score=0.75),
        Entity(0, 2, "A", score=0.75),
    ]
    assert FlatDecoder().decode(spans) == [spans[3]]


@settings(deadline=None)
@given(spans=SPANS, delta=st.sampled_from([0.0, 0.25, 0.5]))
def test_it_finds_the_best_of_all_sets(spans, delta):
    assert FlatDecoder(score_threshold=delta).decode(spans) == best_of_all_sets(spans, delta)


def test_long_chains_need_no_recursion():
    spans = [Entity(start, start + 2, "A", score=0.75) for start in range(10_000)]
    assert FlatDecoder().decode(spans) == spans[::2]
