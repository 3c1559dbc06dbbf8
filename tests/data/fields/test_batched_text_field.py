import copy
import pickle

import pytest
import torch
from allennlp.data import Batch, Instance, Token, TokenIndexer, Vocabulary
from allennlp.data.fields import ListField, TextField
from allennlp.data.token_indexers import (
    PretrainedTransformerMismatchedIndexer,
    SingleIdTokenIndexer,
    TokenCharactersIndexer,
)

from locate_label_allennlp.data.fields import ROW, BatchedTextField
from locate_label_allennlp.data.fields.batched_text_field import pad_numbers
from locate_label_allennlp.data.token_indexers import (
    CachedCharactersIndexer,
    WindowedTransformerIndexer,
)

TEXTS = ["the ported boat", "the port", "a", "ported the the boats of x y"]


class Capitals(TokenIndexer):
    """Whether each word begins with a capital letter."""

    def count_vocab_items(self, token, counter):
        pass

    def tokens_to_indices(self, tokens, vocabulary):
        return {"capital": [token.text[0].isupper() for token in tokens]}

    def get_empty_token_list(self):
        return {"capital": []}


INDEXERS = {
    "words": lambda _: SingleIdTokenIndexer(),
    "at least nine words": lambda _: SingleIdTokenIndexer(token_min_padding_length=9),
    "characters": lambda _: TokenCharactersIndexer(min_padding_length=1),
    "cached characters": lambda _: CachedCharactersIndexer(min_padding_length=5),
    "truth values": lambda _: Capitals(),
    "wordpieces": WindowedTransformerIndexer,
    "mismatched": PretrainedTransformerMismatchedIndexer,
}


def tokens(text):
    return [Token(word) for word in text.split()]


def batched(fields):
    instances = [Instance({"text": field}) for field in fields]
    vocab = Vocabulary.from_instances(instances)
    batch = Batch(instances)
    batch.index_instances(vocab)
    return batch.as_tensor_dict()["text"]


def check_equal(found, expected):
    assert found.keys() == expected.keys()
    for name, tensors in expected.items():
        assert found[name].keys() == tensors.keys()
        for key, tensor in tensors.items():
            assert found[name][key].dtype == tensor.dtype, key
            assert torch.equal(found[name][key], tensor), key


def words_of(fields):
    return batched(fields)["words"]["tokens"].tolist()


@pytest.mark.parametrize("names", [*([name] for name in INDEXERS), list(INDEXERS)], ids=", ".join)
@pytest.mark.parametrize("texts", [TEXTS, TEXTS[1:2], ["The", "Port x", "port"]], ids=len)
def test_the_tensors_are_those_of_allennlp_s_field(names, texts, tiny_bert):
    indexers = {name: INDEXERS[name](tiny_bert) for name in names}
    found = batched([BatchedTextField(tokens(text), indexers) for text in texts])
    check_equal(found, batched([TextField(tokens(text), indexers) for text in texts]))


@pytest.mark.parametrize("name", ["words", "cached characters", "truth values", "wordpieces"])
def test_empty_texts(name, tiny_bert):
    indexers = {name: INDEXERS[name](tiny_bert)}
    among_others = batched([BatchedTextField(tokens(text), indexers) for text in ["a", "", "a b"]])
    for tensor in among_others[name].values():
        assert tensor.size(0) == 3
        assert not tensor[1].any()
    alone = batched([BatchedTextField([], indexers) for _ in range(2)])
    for tensor in alone[name].values():
        assert tensor.size()[:2] == (2, 0)


def test_an_empty_field_is_ready_to_be_padded(tiny_bert):
    indexers = {name: INDEXERS[name](tiny_bert) for name in ("words", "wordpieces")}
    found, expected = (
        ListField([kind(tokens("the port"), indexers)]) for kind in (BatchedTextField, TextField)
    )
    vocab = Vocabulary()
    tensors = []
    for field in (found, expected):
        field.index(vocab)
        tensors.append(field.as_tensor({**field.get_padding_lengths(), "num_fields": 2}))
    check_equal(*tensors)
    assert len(BatchedTextField(tokens("a")).empty_field()) == 0


def test_instances_of_one_text_share_its_tensors():
    indexers = {"words": SingleIdTokenIndexer()}
    port, mole = (BatchedTextField(tokens(text), indexers, text) for text in ["a b c", "d"])
    alone = BatchedTextField(tokens("d"), indexers)
    batch = batched([port, mole, port, alone, mole])
    assert batch.keys() == {"words", ROW}
    assert batch[ROW][ROW].tolist() == [0, 1, 0, 2, 1]
    assert batch["words"]["tokens"].size() == (3, 3)
    expected = words_of([TextField(tokens(text), indexers) for text in ["a b c", "d", "d"]])
    # Ids differ with the words' frequencies, so words are compared by where they recur.
    assert [[row.index(one) for one in row] for row in batch["words"]["tokens"].tolist()] == [
        [row.index(one) for one in row] for row in expected
    ]


def test_what_is_shared_is_told_by_the_key_alone():
    indexers = {"words": SingleIdTokenIndexer()}

    def rows(*keys):
        return batched([BatchedTextField(tokens("a b"), indexers, key) for key in keys]).get(ROW)

    assert rows((1, 2), (1, 3), (1, 2))[ROW].tolist() == [0, 1, 0]
    assert rows(None, None) is None
    assert rows(1, 2) is None
    assert rows(0, 0)[ROW].tolist() == [0, 0]
    # The second has a key like the name that a text without one goes by.
    assert rows(None, ("alone", 0)) is None


def test_a_shared_text_is_indexed_once(monkeypatch):
    calls = []
    indexer = SingleIdTokenIndexer()
    index = indexer.tokens_to_indices
    monkeypatch.setattr(indexer, "tokens_to_indices", lambda *args: calls.append(1) or index(*args))
    field = BatchedTextField(tokens("a b"), {"words": indexer}, key=1)
    batched([field] * 5)
    assert len(calls) == 1


def test_copies_are_independent_and_of_the_same_text():
    field = BatchedTextField(tokens("a b"), {"words": SingleIdTokenIndexer()}, key=7)
    expected = words_of([field])
    other = field.duplicate()
    assert other.key == 7
    assert words_of([other]) == expected
    assert batched([field, other])[ROW][ROW].tolist() == [0, 0]
    other.tokens.append(Token("c"))
    assert len(field) == 2


@pytest.mark.parametrize("again", [lambda field: pickle.loads(pickle.dumps(field)), copy.deepcopy])
@pytest.mark.parametrize("indexed", [False, True])
def test_between_processes(again, indexed):
    field = BatchedTextField(tokens("a b a"), key=(3, 4))
    if indexed:
        field.token_indexers = {"words": SingleIdTokenIndexer()}
        expected = words_of([field])
    other = again(field)
    assert [token.text for token in other] == ["a", "b", "a"]
    assert other.key == (3, 4)
    if indexed:
        assert words_of([other]) == expected
        assert batched([field, other])[ROW][ROW].tolist() == [0, 0]


def test_padding_of_numbers():
    assert pad_numbers([[1, 2], [], [3]], 3).tolist() == [[1, 2, 0], [0, 0, 0], [3, 0, 0]]
    assert pad_numbers([[1]], 1).dtype == torch.int64
    assert pad_numbers([[], [True, False]], 2).tolist() == [[False, False], [True, False]]
    assert pad_numbers([[], [True]], 1).dtype == torch.bool
    assert pad_numbers([[], []], 0).size() == (2, 0)
