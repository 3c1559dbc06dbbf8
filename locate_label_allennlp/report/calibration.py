"""How far the scores are from the share of entities that is right."""

from typing import Any, Dict, List

from locate_label_allennlp.decoders import EntityDecoder
from locate_label_allennlp.decoders.entity_decoder import score_of
from locate_label_allennlp.report.traces import Trace
from locate_label_allennlp.tuning.calibration import calibration_error, reliability


class Calibration:
    """
    The reliability of all that is found with a threshold of 0: what `allennlp tune-thresholds` says
    of a model, too.

    # Parameters

    decoder : `EntityDecoder`
        The model's; it is not changed.
    """

    def __init__(self, decoder: EntityDecoder) -> None:
        self._decoder = decoder.with_thresholds(0.0)
        self._scores: List[float] = []
        self._correct: List[bool] = []

    def add(self, trace: Trace) -> None:
        gold = {entity.key for entity in trace.gold}
        for entity in self._decoder.decode(trace.scored):
            self._scores.append(score_of(entity))
            self._correct.append(entity.key in gold)

    def as_json(self) -> Dict[str, Any]:
        """
        `bins`, those with entities: their `number`, mean `score` and the share that is `correct`;
        and the `error`, the expected calibration error.
        """
        bins = reliability(self._scores, self._correct)
        return {"error": calibration_error(bins), "bins": [each._asdict() for each in bins]}
