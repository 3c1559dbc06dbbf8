from unittest import mock

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.modules.seq2seq_encoders import LstmSeq2SeqEncoder
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.checkpoint import checkpoint

from locate_label_allennlp.modules import mention_encoder
from locate_label_allennlp.modules.mention_encoder import MentionEncoder, attend

LENGTHS = [3, 1, 7, 2, 2, 5, 1]


def encoder(**options):
    torch.manual_seed(3)
    lstm = LstmSeq2SeqEncoder(input_size=4, hidden_size=3, bidirectional=True)
    return MentionEncoder(lstm, **options).double()


def mentions(lengths):
    positions = torch.full((len(lengths), max(lengths, default=1)), -1)
    for row, length in enumerate(lengths):
        positions[row, :length] = torch.randperm(10)[:length]
    return torch.randn(10, 4, dtype=torch.double, requires_grad=True), positions


@given(st.integers(1, 5), st.integers(1, 4), st.data())
def test_attention_against_a_loop(num_mentions, longest, data):
    outputs = torch.randn(num_mentions, longest, 3, dtype=torch.double)
    query = torch.randn(num_mentions, 3, dtype=torch.double)
    lengths = data.draw(st.lists(st.integers(1, longest), min_size=num_mentions))[:num_mentions]
    mask = torch.arange(longest) < torch.tensor(lengths)[:, None]
    found = attend(outputs, query, mask)
    for row, length in enumerate(lengths):
        weights = [torch.dot(outputs[row, i], query[row]).exp() for i in range(length)]
        expected = sum(weights[i] * outputs[row, i] for i in range(length)) / sum(weights)
        torch.testing.assert_close(found[row], expected, atol=1e-6, rtol=1e-5)


def test_each_mention_as_if_it_were_alone():
    module = encoder()
    words, positions = mentions(LENGTHS)
    together = module(words, positions)
    for row, length in enumerate(LENGTHS):
        outputs, (state, _) = module._encoder._module(words[positions[row : row + 1, :length]])
        query = torch.cat([state[0], state[1]], dim=1)
        expected = attend(outputs, query, torch.ones(1, length, dtype=torch.bool))
        torch.testing.assert_close(together[row : row + 1], expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("max_chunk_words", [1, 4, 9])
def test_chunks_change_neither_vectors_nor_gradients(max_chunk_words):
    found = []
    for size in (1000, max_chunk_words):
        torch.manual_seed(4)
        words, positions = mentions(LENGTHS)
        module = encoder(max_chunk_words=size)
        vectors = module(words, positions)
        (vectors**2).sum().backward()
        found.append([vectors, words.grad, *(weight.grad for weight in module.parameters())])
    for whole, chunked in zip(*found, strict=True):
        torch.testing.assert_close(chunked, whole)


def test_chunks_hold_no_more_words_than_told():
    lengths = torch.tensor(sorted(LENGTHS))
    chunks = list(encoder(max_chunk_words=6)._chunks(lengths))
    assert chunks == [(0, 3, 2), (3, 5, 3), (5, 6, 5), (6, 7, 7)]


@pytest.mark.parametrize(("size", "num_chunks"), [(1000, 1), (18, 2), (6, 4)])
@pytest.mark.parametrize("learns", [True, False])
def test_of_several_chunks_nothing_is_kept_for_the_gradient(size, num_chunks, learns):
    module, (words, positions) = encoder(max_chunk_words=size), mentions(LENGTHS)
    with (
        mock.patch.object(mention_encoder, "checkpoint", wraps=checkpoint) as again,
        mock.patch.object(module, "_read", wraps=module._read) as read,
        torch.set_grad_enabled(learns),
    ):
        module(words, positions)
    assert again.call_count == (num_chunks if learns and num_chunks > 1 else 0)
    assert all(call.kwargs == {"use_reentrant": False} for call in again.mock_calls)
    chunks = list(module._chunks(torch.tensor(sorted(LENGTHS))))
    assert len(chunks) == num_chunks
    assert [call.args[1].size() for call in read.mock_calls] == [
        (end - first, longest) for first, end, longest in chunks
    ]


def test_without_mentions_every_weight_has_a_gradient():
    module = encoder()
    words, positions = mentions([])
    vectors = module(words, positions)
    assert vectors.size() == (0, 6)
    vectors.sum().backward()
    assert all(bool((weight.grad == 0).all()) for weight in module.parameters())


def test_chunks_without_words_are_refused():
    with pytest.raises(ConfigurationError, match="max_chunk_words is 0; allowed is >= 1"):
        encoder(max_chunk_words=0)
