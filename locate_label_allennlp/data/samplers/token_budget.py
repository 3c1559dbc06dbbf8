"""Batches of about equal work, however long their texts are."""

import multiprocessing
import random
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Dict, List, NamedTuple, Optional

import numpy
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.common.util import is_distributed
from allennlp.data import BatchSampler, Instance
from allennlp.nn.util import dist_reduce
from overrides import overrides

from locate_label_allennlp.data.fields import BatchedTextField


class Text(NamedTuple):
    """
    A text and the sentences that are read with it.

    # Parameters

    length : `int`
        What it is long, before padding, in the numbers of its longest indexer.
    sentences : `List[int]`
        The indices of its instances.
    """

    length: int
    sentences: List[int]


@BatchSampler.register("token_budget")
class TokenBudgetBatchSampler(BatchSampler):
    """
    Fills batches up to a number of wordpieces after padding, the context of the sentences included;
    without a contextual encoder, of words. Sentences that share a context stay together, and it
    counts once. Texts of like length share a batch, and batches come in random order, drawn from
    the seed and the number of epochs begun. In distributed training all processes get the same
    number of batches, as long as each has so many sentences, because the trainer ends an epoch with
    the first process that has none left.

    # Parameters

    budget : `int`
        Wordpieces in a batch at most: its texts times the length of its longest one. A text that is
        longer makes a batch of its own.
    max_sentences : `int`, optional (default = `None`)
        Sentences in a batch at most, as far as they do not share a context.
    shuffle : `bool`, optional (default = `True`)
        `False` for the same batches in the same order every time.
    padding_noise : `float`, optional (default = `0.1`)
        By which share a length may be taken for more or less than it is, so that other texts meet
        in every epoch; 0 without `shuffle`.
    seed : `int`, optional (default = `13`)
    """

    def __init__(
        self,
        budget: int,
        max_sentences: Optional[int] = None,
        shuffle: bool = True,
        padding_noise: float = 0.1,
        seed: int = 13,
    ) -> None:
        if budget < 1:
            raise ConfigurationError(f"budget is {budget}; allowed is >= 1")
        if max_sentences is not None and max_sentences < 1:
            raise ConfigurationError(f"max_sentences is {max_sentences}; allowed is >= 1")
        if not 0 <= padding_noise < 1:
            raise ConfigurationError(f"padding_noise is {padding_noise}; allowed is 0 up to 1")
        self._budget = budget
        self._max_sentences = max_sentences
        self._shuffle = shuffle
        self._padding_noise = padding_noise if shuffle else 0.0
        self._seed = seed
        self._epoch = 0

    @overrides
    def get_batch_indices(self, instances: Sequence[Instance]) -> Iterator[List[int]]:
        draw = random.Random(f"{self._seed} {self._epoch}")
        self._epoch += 1
        batches = self._batches(instances, draw)
        if self._shuffle:
            draw.shuffle(batches)
        yield from batches

    def state_dict(self) -> Dict[str, int]:
        """What the batches of the coming epochs follow from, beside the instances."""
        return {"epoch": self._epoch}

    def load_state_dict(self, state: Dict[str, int]) -> None:
        self._epoch = state["epoch"]

    def _batches(self, instances: Sequence[Instance], draw: random.Random) -> List[List[int]]:
        texts = texts_of(instances)
        noise = self._padding_noise
        texts.sort(key=lambda text: text.length * (1 + draw.uniform(-noise, noise)))
        batches = list(fill_batches(texts, self._budget, self._max_sentences))
        # The worker of a data loader has no part in what the training processes agree on.
        if is_distributed() and not multiprocessing.current_process().daemon:
            most = dist_reduce(len(batches), torch.distributed.ReduceOp.MAX)
            batches = split_until(batches, int(most))
        return batches

    @overrides
    def get_num_batches(self, instances: Sequence[Instance]) -> int:
        """How many there are in the coming epoch; in others there may be a few more or less."""
        return len(self._batches(instances, random.Random(f"{self._seed} {self._epoch}")))


def texts_of(instances: Iterable[Instance]) -> List[Text]:
    """The distinct texts of some indexed instances of the reader `nested_ner`, in their order."""
    texts: Dict[Hashable, Text] = {}
    for number, instance in enumerate(instances):
        field = instance.fields.get("context", instance.fields.get("tokens"))
        if not isinstance(field, BatchedTextField):
            raise ConfigurationError(
                f"the instances have the fields {sorted(instance.fields)}; the batch sampler "
                "'token_budget' is for those of the dataset reader 'nested_ner'"
            )
        key = ("alone", number) if field.key is None else ("shared", field.key)
        if key in texts:
            texts[key].sentences.append(number)
        else:
            # Characters are padded within words and are no length of the text.
            lengths = field.get_padding_lengths().items()
            length = max(size for name, size in lengths if "___num_" not in name)
            texts[key] = Text(length, [number])
    return list(texts.values())


def fill_batches(
    texts: Iterable[Text], budget: int, max_sentences: Optional[int] = None
) -> Iterator[List[int]]:
    """
    Takes texts in the given order into a batch as long as, padded to the longest, they stay within
    the budget; then begins the next one.

    # Returns

    `Iterator[List[int]]`
        The sentences of each batch.
    """
    batch: List[Text] = []
    longest = num_sentences = 0
    for text in texts:
        padded = (len(batch) + 1) * max(longest, text.length)
        is_full = padded > budget or (
            max_sentences is not None and num_sentences + len(text.sentences) > max_sentences
        )
        if batch and is_full:
            yield [sentence for member in batch for sentence in member.sentences]
            batch, longest, num_sentences = [], 0, 0
        batch.append(text)
        longest = max(longest, text.length)
        num_sentences += len(text.sentences)
    if batch:
        yield [sentence for member in batch for sentence in member.sentences]


def least_work_batches(texts: Iterable[Text], budget: int, batch_work: int) -> List[List[int]]:
    """
    Batches within the budget for which the wordpieces that are read, padding included, and
    `batch_work` for each batch, are together the least.

    # Parameters

    texts : `Iterable[Text]`
    budget : `int`
        Wordpieces of a batch at most, padding included; a text that has more is alone.
    batch_work : `int`
        How many wordpieces could be read in the time that a batch takes whatever is in it.

    # Returns

    `List[List[int]]`
        The sentences of each batch; the longest texts come last.
    """
    in_order = sorted(texts, key=lambda text: text.length)
    # Of the first `end` texts: the least work, and where their last batch begins.
    work = numpy.zeros(len(in_order) + 1, dtype=numpy.int64)
    begins = [0]
    for end, last in enumerate(in_order, 1):
        largest = max(1, budget // max(1, last.length))
        starts = numpy.arange(max(0, end - largest), end)
        # (the possible beginnings of the last batch,)
        total = work[starts] + (end - starts) * last.length + batch_work
        best = total.argmin()
        work[end] = total[best]
        begins.append(int(starts[best]))
    batches = []
    end = len(in_order)
    while end:
        members = in_order[begins[end] : end]
        batches.append([sentence for text in members for sentence in text.sentences])
        end = begins[end]
    return batches[::-1]


def split_until(batches: Sequence[List[int]], number: int) -> List[List[int]]:
    """
    Splits the batches of most sentences in two until there are `number` batches, or one for each
    sentence.
    """
    split = list(batches)
    while len(split) < number:
        largest = max(range(len(split)), key=lambda index: len(split[index]))
        sentences = split[largest]
        if len(sentences) < 2:
            break
        middle = len(sentences) // 2
        split[largest : largest + 1] = [sentences[:middle], sentences[middle:]]
    return split
