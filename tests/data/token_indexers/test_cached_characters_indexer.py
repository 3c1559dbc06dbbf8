import string

import pytest
import torch
from allennlp.common import Params
from allennlp.data import Batch, Instance, Token, TokenIndexer, Vocabulary
from allennlp.data.fields import TextField
from allennlp.data.token_indexers import TokenCharactersIndexer
from hypothesis import given
from hypothesis import strategies as st

from locate_label_allennlp.data.fields import BatchedTextField
from locate_label_allennlp.data.token_indexers import CachedCharactersIndexer
from locate_label_allennlp.data.token_indexers import cached_characters_indexer as module

WORDS = st.text(string.ascii_letters + "éß漢𝄞'", min_size=1, max_size=9)


def tokens(words):
    return [Token(word) for word in words]


def batched(field, indexer, texts):
    instances = [Instance({"text": field(tokens(text), {"one": indexer})}) for text in texts]
    vocab = Vocabulary.from_instances(instances, max_vocab_size=12)
    batch = Batch(instances)
    batch.index_instances(vocab)
    tensor = batch.as_tensor_dict()["text"]["one"]["token_characters"]
    return tensor, batch.get_padding_lengths(), vocab.get_index_to_token_vocabulary("letters")


@given(st.lists(st.lists(WORDS, min_size=1, max_size=6), min_size=1, max_size=5), st.integers(1, 7))
def test_it_gives_what_allennlp_s_indexer_gives(texts, min_padding_length):
    options = {"namespace": "letters", "min_padding_length": min_padding_length}
    expected = batched(TextField, TokenCharactersIndexer(**options), texts)
    for field in (BatchedTextField, TextField):
        found = batched(field, CachedCharactersIndexer(**options), texts)
        assert torch.equal(found[0], expected[0])
        assert found[1:] == expected[1:]


def test_by_name():
    indexer = TokenIndexer.from_params(Params({"type": "cached_characters", "namespace": "x"}))
    assert indexer == CachedCharactersIndexer("x")
    assert indexer != CachedCharactersIndexer()
    assert indexer != CachedCharactersIndexer("x", 3)


def vocabulary(characters):
    vocab = Vocabulary()
    vocab.add_tokens_to_namespace(list(characters), "token_characters")
    return vocab


def ids(indexer, vocab, *words):
    return indexer.tokens_to_indices(tokens(words), vocab)["token_characters"]


def test_a_vocabulary_in_place_of_another():
    indexer = CachedCharactersIndexer()
    first, second = vocabulary("ab"), vocabulary("ba")
    assert ids(indexer, first, "ab", "ab") == [[2, 3], [2, 3]]
    assert ids(indexer, second, "ab") == [[3, 2]]
    assert ids(indexer, first, "ab") == [[2, 3]]


def test_a_vocabulary_that_grows():
    indexer = CachedCharactersIndexer()
    vocab = vocabulary("a")
    unknown = 1
    assert ids(indexer, vocab, "ab") == [[2, unknown]]
    vocab.add_token_to_namespace("b", "token_characters")
    assert ids(indexer, vocab, "ab") == [[2, 3]]


def test_the_memory_of_words_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "_REMEMBERED_WORDS", 3)
    indexer, vocab = CachedCharactersIndexer(), vocabulary("abcdef")
    for word in ["a", "b", "c", "d", "ab", "ef", "a"]:
        assert ids(indexer, vocab, word) == [["abcdef".index(letter) + 2 for letter in word]]
        assert len(indexer._characters) <= 4


@pytest.mark.parametrize("texts", [[[]], [[], []], [[], ["ab"]]])
def test_empty_texts(texts):
    indexer, vocab = CachedCharactersIndexer(min_padding_length=3), vocabulary("ab")
    indexed = [indexer.tokens_to_indices(tokens(text), vocab) for text in texts]
    assert indexed[0] == indexer.get_empty_token_list()
    lengths = {"token_characters": max(map(len, texts)), "num_token_characters": 3}
    padded = indexer.pad_batch(indexed, lengths)["token_characters"]
    assert padded.size() == (len(texts), lengths["token_characters"], 3)
    assert padded.sum() == sum(map(len, texts)) * (2 + 3)
