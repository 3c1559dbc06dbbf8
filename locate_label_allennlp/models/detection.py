"""What goes into a model's `detect`, and what comes out."""

from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from torch import Tensor

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.nn.mentions import Fragments
from locate_label_allennlp.nn.spans import FlatSpans, padded_to_flat


class GoldEntities(NamedTuple):
    """
    The gold entities of a batch.

    # Parameters

    entities : `torch.LongTensor`
        Shape `(B, E, 3)`: start, inclusive end, label; rows of -1 are padding and come last.
    fragments : `Sequence[Mapping[int, Fragments]]`
        For each sentence the discontinuous entities, by their rows in `entities`, which has the
        words they reach from and to.
    unreachable : `Sequence[List[Entity]]`
        For each sentence the entities that no model can find and the metrics count as missed.
    """

    entities: Tensor
    fragments: Sequence[Mapping[int, Fragments]]
    unreachable: Sequence[List[Entity]]

    @property
    def spans(self) -> FlatSpans:
        """In order of sentence and row."""
        return padded_to_flat(self.entities[..., :2])

    @property
    def labels(self) -> Tensor:
        """Those of `spans`: shape `(G,)`."""
        return self.entities[..., 2][self.entities[..., 0] >= 0]


class Seeds(NamedTuple):
    """
    The spans a model began with.

    # Parameters

    spans : `FlatSpans`
        `S` spans.
    of_candidates : `torch.LongTensor`
        Shape `(K,)`: which of them each of the model's `K` candidates was made from.
    are_filtered : `bool`
        Whether the model has a filter: no candidate was made from a seed that it dropped.
    needed_iou : `float`
        A seed leads to an entity if it has at least this IoU with it.
    are_adjusted : `bool`
        Whether candidates may have other boundaries than the seeds they were made from.
    """

    spans: FlatSpans
    of_candidates: Tensor
    are_filtered: bool
    needed_iou: float
    are_adjusted: bool


class Candidates(NamedTuple):
    """
    The spans a model classified.

    # Parameters

    spans : `FlatSpans`
        `K` spans of all sentences of the batch.
    probabilities : `torch.FloatTensor`
        Shape `(K, C + 1)`, in float32: of each type, NONE first. They need not sum to one.
    seeds : `Seeds`, optional (default = `None`)
        What they were made from, where the model has such a stage.
    locations : `torch.FloatTensor`, optional (default = `None`)
        Shape `(K, L + 1, 2)`: for a model that refines proposals in `L` layers the start and
        inclusive end of what each span was made from, in words: before and after each layer.
    """

    spans: FlatSpans
    probabilities: Tensor
    seeds: Optional[Seeds] = None
    locations: Optional[Tensor] = None


class Detection(NamedTuple):
    """
    # Parameters

    losses : `Dict[str, torch.FloatTensor]`
        The parts of the loss by name, scalars; none without gold entities.
    candidates : `Candidates`, optional
        None in training.
    """

    losses: Dict[str, Tensor]
    candidates: Optional[Candidates]
