"""Detection in long sentences, a window of words at a time."""

from typing import Callable, Dict, List, Optional

import torch
from torch import Tensor

from locate_label_allennlp.models.detection import Candidates, Detection, GoldEntities, Seeds
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.spans import FlatSpans
from locate_label_allennlp.nn.word_windows import WordWindows, windows_of

Detect = Callable[[EncodedWords, Optional[GoldEntities]], Detection]


def detect_in_windows(
    detect: Detect, words: EncodedWords, gold: Optional[GoldEntities], size: int, overlap: int
) -> Detection:
    """
    What a model detects if it is shown at most `size` words of a sentence at once. Sentences that
    are no longer than that go together, as ever; of the others each window goes alone, so that the
    memory for it is needed once. See `WordWindows` for whose candidates count.

    # Parameters

    detect : `Callable[[EncodedWords, Optional[GoldEntities]], Detection]`
        The model's, in evaluation.
    words : `EncodedWords`
    gold : `GoldEntities`, optional
    size, overlap : `int`
        See `windows_of`.

    # Returns

    `Detection`
        Losses are means over the windows, each with the gold entities that lie in it.
    """
    windows = windows_of(words.lengths, size, overlap)
    is_whole = windows.is_first & windows.is_last
    groups = [group for group in (is_whole.nonzero().squeeze(1),) if len(group)]
    groups.extend((~is_whole).nonzero().squeeze(1).split(1))
    losses: Dict[str, Tensor] = {}
    found: List[Candidates] = []
    for group in groups:
        detection = detect(
            windows.words(words, group), None if gold is None else _gold_of(gold, windows, group)
        )
        for name, loss in detection.losses.items():
            share = loss * (len(group) / len(windows.start))
            losses[name] = losses[name] + share if name in losses else share
        assert detection.candidates is not None, "the model is in training"
        found.append(_placed(detection.candidates, windows, group))
    return Detection(losses, _joined(found))


def _gold_of(gold: GoldEntities, windows: WordWindows, group: Tensor) -> GoldEntities:
    """The entities that lie in windows. Only models with given mentions look at fragments."""
    # (V, 1)
    first = windows.start[group, None]
    # (V, E, 3)
    entities = gold.entities[windows.sentence[group]]
    start, end, label = entities.unbind(-1)
    # (V, E); padding is before every window
    inside = (start >= first) & (end < first + windows.length[group, None])
    moved = torch.stack([start - first, end - first, label], dim=-1)
    moved = moved.masked_fill(~inside[..., None], -1)
    order = (~inside).long().argsort(dim=1, stable=True)
    entities = moved.gather(1, order[..., None].expand_as(moved))
    return GoldEntities(entities, [{} for _ in group], [[] for _ in group])


def _placed(candidates: Candidates, windows: WordWindows, group: Tensor) -> Candidates:
    """Those that belong to the windows they were found in, in the words of their sentences."""

    def in_sentence(spans: FlatSpans) -> FlatSpans:
        return spans._replace(sentence=windows.sentence[spans.sentence])

    spans, probabilities, seeds, locations = candidates
    placed = windows.place(spans, group)
    kept = windows.decide(placed).nonzero().squeeze(1)
    if seeds is not None:
        seeds = seeds._replace(
            spans=in_sentence(windows.place(seeds.spans, group)),
            of_candidates=seeds.of_candidates[kept],
        )
    if locations is not None:
        # (K, 1, 1)
        first = windows.start[group][spans.sentence][:, None, None]
        locations = (locations + first)[kept]
    return Candidates(in_sentence(placed.select(kept)), probabilities[kept], seeds, locations)


def _joined(found: List[Candidates]) -> Candidates:
    """Ordered by sentence, as if there were no windows; a seed in two windows is there twice."""
    spans = FlatSpans(*(torch.cat(parts) for parts in zip(*(c.spans for c in found), strict=True)))
    probabilities = torch.cat([candidates.probabilities for candidates in found])
    order = spans.sentence.argsort(stable=True)
    parts = [candidates.seeds for candidates in found if candidates.seeds is not None]
    seeds: Optional[Seeds] = None
    if parts:
        every = FlatSpans(
            *(torch.cat(part) for part in zip(*(s.spans for s in parts), strict=True))
        )
        seed_order = every.sentence.argsort(stable=True)
        made_from, before = [], 0
        for part in parts:
            made_from.append(part.of_candidates + before)
            before += part.spans.num_spans
        seeds = parts[0]._replace(
            spans=every.select(seed_order),
            of_candidates=seed_order.argsort()[torch.cat(made_from)][order],
        )
    locations = [c.locations for c in found if c.locations is not None]
    return Candidates(
        spans.select(order),
        probabilities[order],
        seeds,
        torch.cat(locations)[order] if locations else None,
    )
