from itertools import chain, combinations, pairwise
from pathlib import Path

import pytest
import torch.distributed as dist
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.common.testing import run_distributed_test
from allennlp.data import BatchSampler, Instance, Token, Vocabulary
from allennlp.data.fields import TextField
from allennlp.data.token_indexers import SingleIdTokenIndexer, TokenCharactersIndexer
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.dataset_readers import NestedNerReader
from locate_label_allennlp.data.fields import BatchedTextField
from locate_label_allennlp.data.samplers import TokenBudgetBatchSampler, fill_batches
from locate_label_allennlp.data.samplers.token_budget import (
    Text,
    least_work_batches,
    split_until,
    texts_of,
)
from locate_label_allennlp.data.token_indexers import WindowedTransformerIndexer

INDEXERS = {"words": SingleIdTokenIndexer()}
# Of each text its length, and how many sentences are read with it.
CORPORA = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 4)), min_size=1, max_size=25)


def corpus(texts):
    instances = []
    for number, (length, num_sentences) in enumerate(texts):
        # As the reader does: a key where a text may be shared.
        key = number if num_sentences > 1 or number % 2 else None
        context = BatchedTextField([Token("a")] * length, INDEXERS, key)
        instances += [Instance({"context": context}) for _ in range(num_sentences)]
    return indexed(instances)


def indexed(instances, vocab=None):
    vocab = vocab or Vocabulary()
    for instance in instances:
        instance.index_fields(vocab)
    return instances


def flat(batches):
    return [index for batch in batches for index in batch]


SIXTY = [(length % 13 + 1, length % 3 + 1) for length in range(60)]


@given(CORPORA, st.integers(1, 80), st.none() | st.integers(1, 9), st.booleans())
def test_batches_keep_to_the_budget(texts, budget, max_sentences, shuffle):
    instances = corpus(texts)
    sampler = TokenBudgetBatchSampler(budget, max_sentences, shuffle)
    batches = list(sampler.get_batch_indices(instances))
    assert sorted(flat(batches)) == list(range(len(instances)))
    text_of = flat([number] * num_sentences for number, (_, num_sentences) in enumerate(texts))
    for batch in batches:
        members = {text_of[index] for index in batch}
        padded = len(members) * max(texts[number][0] for number in members)
        assert padded <= budget or len(members) == 1
        assert max_sentences is None or len(batch) <= max_sentences or len(members) == 1
        # Sentences that share a text are all here.
        assert len(batch) == sum(texts[number][1] for number in members)


@given(CORPORA, st.integers(1, 80), st.none() | st.integers(1, 9))
def test_a_batch_is_filled_before_the_next_one_begins(texts, budget, max_sentences):
    given_texts, first = [], 0
    for length, num_sentences in texts:
        given_texts.append(Text(length, list(range(first, first + num_sentences))))
        first += num_sentences
    batches = list(fill_batches(given_texts, budget, max_sentences))
    assert flat(batches) == list(range(first))
    by_first = {text.sentences[0]: text for text in given_texts}
    for one, other in pairwise(batches):
        members = [by_first[index] for index in one if index in by_first]
        following = by_first[other[0]]
        longest = max(text.length for text in [*members, following])
        is_full = (len(members) + 1) * longest > budget
        if max_sentences is not None:
            is_full |= len(one) + len(following.sentences) > max_sentences
        assert is_full


def test_texts_of_like_length_share_a_batch():
    instances = corpus(SIXTY)
    sampler = TokenBudgetBatchSampler(60, shuffle=False)
    lengths = [
        [len(instances[index]["context"]) for index in batch]
        for batch in sampler.get_batch_indices(instances)
    ]
    assert flat(lengths) == sorted(flat(lengths))


def epochs(number, **options):
    sampler = TokenBudgetBatchSampler(**{"budget": 40, **options})
    instances = corpus(SIXTY)
    return [list(sampler.get_batch_indices(instances)) for _ in range(number)]


def test_the_seed_alone_decides():
    first, second, third = epochs(3)
    assert epochs(3) == [first, second, third]
    assert epochs(1, seed=14) != [first]
    # Not only the order of batches differs, but also who meets whom.
    for one, other in pairwise([first, second, third]):
        assert set(map(frozenset, one)) != set(map(frozenset, other))
    same, order = epochs(2, padding_noise=0.0)
    assert set(map(tuple, same)) == set(map(tuple, order))
    assert same != order


def test_without_shuffling_every_epoch_is_the_same():
    first, second = epochs(2, shuffle=False)
    assert first == second
    assert epochs(1, shuffle=False, seed=14) == [first]


@pytest.mark.parametrize("shuffle", [True, False])
def test_the_number_of_batches_is_that_of_the_coming_epoch(shuffle):
    instances = corpus(SIXTY)
    sampler = TokenBudgetBatchSampler(23, shuffle=shuffle, padding_noise=0.5)
    numbers = []
    for _ in range(6):
        announced = {sampler.get_num_batches(instances) for _ in range(3)}
        numbers.append(len(list(sampler.get_batch_indices(instances))))
        assert announced == {numbers[-1]}
    assert (len(set(numbers)) > 1) == shuffle


def test_a_text_is_as_long_as_its_longest_indexer_says(tiny_bert):
    indexers = {
        "words": SingleIdTokenIndexer(),
        "characters": TokenCharactersIndexer(min_padding_length=50),
    }
    words = [Token("ported"), Token("b")]
    (plain,) = texts_of(indexed([Instance({"tokens": BatchedTextField(words, indexers)})]))
    # Characters are no length of a text.
    assert plain == Text(2, [0])
    indexers["encoder"] = WindowedTransformerIndexer(tiny_bert)
    pieces = BatchedTextField(words, indexers)
    fields = {"tokens": BatchedTextField(words * 9, INDEXERS), "context": pieces}
    # The context counts: port ##ed b.
    assert texts_of(indexed([Instance(fields)])) == [Text(3, [0])]


def test_batches_of_other_readers_are_refused():
    field = TextField([Token("a")], INDEXERS)
    for fields in ({"tokens": field}, {"words": field}):
        with pytest.raises(ConfigurationError, match=r"fields \['.*'token_budget' is for those of"):
            list(TokenBudgetBatchSampler(5).get_batch_indices(indexed([Instance(fields)])))


def test_no_instances_no_batches():
    sampler = TokenBudgetBatchSampler(5)
    assert list(sampler.get_batch_indices([])) == []
    assert sampler.get_num_batches([]) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 0}, "budget is 0; allowed is >= 1"),
        ({"max_sentences": 0}, "max_sentences is 0; allowed is >= 1"),
        ({"padding_noise": 1.0}, "padding_noise is 1.0; allowed is 0 up to 1"),
        ({"padding_noise": -0.1}, "padding_noise is -0.1; allowed is 0 up to 1"),
    ],
)
def test_impossible_settings_are_refused(options, message):
    with pytest.raises(ConfigurationError, match=message):
        BatchSampler.from_params(Params({"type": "token_budget", "budget": 4, **options}))


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6), st.integers(0, 30))
def test_batches_are_split_until_there_are_as_many(sizes, number):
    sentences = iter(range(sum(sizes)))
    batches = [[next(sentences) for _ in range(size)] for size in sizes]
    split = split_until(batches, number)
    assert flat(split) == flat(batches)
    assert all(split)
    assert len(split) == min(max(number, len(sizes)), max(sum(sizes), len(sizes)))
    largest = max(map(len, split))
    # None was split while a larger one was there.
    whole = {tuple(batch) for batch in batches}
    assert all(2 * len(part) + 1 >= largest for part in split if tuple(part) not in whole)


def in_one_of_two_processes(rank, world_size, gpu_id, encoder, path, num_sentences):
    """Both sample what they read; with its larger budget the second one has fewer batches."""
    reader = NestedNerReader(
        context_indexers={"encoder": WindowedTransformerIndexer(encoder)},
        context="window",
        min_context_wordpieces=4,
        max_context_wordpieces=60,
    )
    instances = list(reader.read(path))
    for instance in instances:
        reader.apply_token_indexers(instance)
    indexed(instances, Vocabulary.from_instances(instances))
    budget = 500 if rank else 150
    sampler = TokenBudgetBatchSampler(budget, padding_noise=0.0)
    own = []
    for _ in range(3):
        announced = sampler.get_num_batches(instances)
        batches = list(sampler.get_batch_indices(instances))
        assert len(batches) == announced
        assert sorted(flat(batches)) == list(range(len(instances)))
        own.append(len(batches))
    sources = [instance["metadata"]["source"] for instance in instances]
    texts = sorted(texts_of(instances), key=lambda text: text.length)
    alone = len(list(fill_batches(texts, budget)))
    gathered = [None] * world_size
    dist.all_gather_object(gathered, (own, sources, alone))
    (first, *_), (second, *_) = gathered
    assert first == second
    read = [source for _, found, _ in gathered for source in found]
    assert sorted(read) == sorted(f"{path}:{line}" for line in range(1, num_sentences + 1))
    # The second one had to split some of its own.
    assert gathered[1][2] < gathered[0][2] == first[0]


def test_processes_get_equally_many_batches(tiny_bert, fixtures: Path):
    path = fixtures / "quickstart" / "dev.jsonl"
    num_sentences = len(path.read_text("utf-8").splitlines())
    run_distributed_test([-1, -1], in_one_of_two_processes, tiny_bert, str(path), num_sentences)


def partitions(members):
    """All ways to put them into batches."""
    if not members:
        yield []
        return
    first, *others = members
    for size in range(len(others) + 1):
        for companions in combinations(others, size):
            rest = [member for member in others if member not in companions]
            for partition in partitions(rest):
                yield [[first, *companions], *partition]


def work(batches, lengths, batch_work):
    padded = [len(batch) * max(lengths[text] for text in batch) for batch in batches]
    return sum(padded) + batch_work * len(batches)


@given(st.lists(st.integers(1, 12), max_size=6), st.integers(1, 30), st.integers(0, 20))
def test_batches_of_least_work(lengths, budget, batch_work):
    texts = [Text(length, [number]) for number, length in enumerate(lengths)]
    batches = least_work_batches(texts, budget, batch_work)
    assert sorted(chain.from_iterable(batches)) == list(range(len(lengths)))

    def allowed(batch):
        return len(batch) == 1 or len(batch) * max(lengths[text] for text in batch) <= budget

    assert all(map(allowed, batches))
    least = min(
        work(partition, lengths, batch_work)
        for partition in partitions(range(len(lengths)))
        if all(map(allowed, partition))
    )
    assert work(batches, lengths, batch_work) == least


def test_sentences_of_one_text_share_a_batch():
    texts = [Text(9, [0, 3]), Text(2, [1]), Text(2, [2])]
    assert least_work_batches(texts, budget=20, batch_work=0) == [[1, 2], [0, 3]]
    assert least_work_batches([], budget=20, batch_work=0) == []
