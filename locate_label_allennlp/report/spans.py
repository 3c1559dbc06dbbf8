"""How many spans a model goes through for the entities that there are."""

from typing import Any, Dict

from locate_label_allennlp.report.traces import Trace


class Spans:
    """
    Counts the spans at each stage: section 4.3 of Locate and Label, which has about three proposals
    for each entity.
    """

    def __init__(self) -> None:
        self._all = self._gold = self._seeds = self._kept = self._candidates = 0
        self._has_seeds = self._has_filter = False

    def add(self, trace: Trace) -> None:
        num_words = len(trace.words)
        self._all += num_words * (num_words + 1) // 2
        self._gold += len(trace.gold)
        self._candidates += trace.candidates.size(0)
        if trace.seeds is not None:
            self._has_seeds = True
            self._seeds += trace.seeds.spans.size(0)
            if trace.seeds.kept is not None:
                self._has_filter = True
                self._kept += int(trace.seeds.kept.sum())

    def as_json(self) -> Dict[str, Any]:
        """
        `possible` spans of all sentences, `seeds`, the seeds `kept` by the filter, the `classified`
        spans; of each the number `per_entity`. `None` where the model has no such stage.
        `kept_share` is that of the seeds.
        """
        counts = {
            "possible": self._all,
            "seeds": self._seeds if self._has_seeds else None,
            "kept": self._kept if self._has_filter else None,
            "classified": self._candidates,
        }
        divisor = max(self._gold, 1)
        return {
            **counts,
            "kept_share": self._kept / max(self._seeds, 1) if self._has_filter else None,
            "per_entity": {
                name: None if count is None else count / divisor for name, count in counts.items()
            },
        }
