"""How precision and recall depend on the threshold of the score."""

from typing import Any, Dict

from locate_label_allennlp.decoders import EntityDecoder
from locate_label_allennlp.report.traces import Trace
from locate_label_allennlp.training.metrics.entity_counter import Counts, EntityCounter

# Narrower at the end, where the scores of a trained model crowd.
THRESHOLDS = (*(step / 20 for step in range(20)), 0.97, 0.98, 0.99, 0.995, 0.999, 0.9999)


class Curves:
    """
    Decodes each sentence again at every threshold: a decoder that lets spans compete, such as
    Soft-NMS, may take others when there are more of them, so that filtering its entities by their
    scores would not do. Each point is what `allennlp evaluate` gives with that threshold for all
    types, those that have one of their own, too.

    # Parameters

    decoder : `EntityDecoder`
        The model's; it is not changed.
    counter : `EntityCounter`
    """

    def __init__(self, decoder: EntityDecoder, counter: EntityCounter) -> None:
        own = [decoder.score_threshold, *decoder.type_thresholds.values()]
        self._decoders = {
            threshold: decoder.with_thresholds(threshold)
            for threshold in sorted({*THRESHOLDS, *own})
        }
        self._counter = counter
        groups = ["micro", *counter.types.values()]
        self._counts = {
            group: {threshold: Counts() for threshold in self._decoders} for group in groups
        }

    def add(self, trace: Trace) -> None:
        for threshold, decoder in self._decoders.items():
            counts = self._counter.count([decoder.decode(trace.scored)], [trace.gold])
            for group, points in self._counts.items():
                points[threshold] += counts[group]

    def as_json(self) -> Dict[str, Any]:
        """
        For `micro` and each type the points in order of thresholds, with scores and counts;
        `best` is the point of highest micro F1, of several that with the highest threshold.
        """
        points = {
            group: [
                {"threshold": threshold, **counts.as_json()}
                for threshold, counts in by_threshold.items()
            ]
            for group, by_threshold in self._counts.items()
        }
        best = max(points["micro"], key=lambda point: (point["f1"], point["threshold"]))
        return {"points": points, "best": best}
