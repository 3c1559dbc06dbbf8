from inspect import signature

import pytest
import torch
from allennlp.common import Lazy, Params
from allennlp.common.checks import ConfigurationError
from allennlp.modules.seq2seq_encoders import LstmSeq2SeqEncoder, Seq2SeqEncoder

from locate_label_allennlp.modules.mention_encoder import attend
from locate_label_allennlp.modules.span_scorers import (
    CombinedSpanScorer,
    MentionSpanScorer,
    SpanScorer,
)
from locate_label_allennlp.nn.encoded_words import EncodedWords
from locate_label_allennlp.nn.spans import FlatSpans, enumerate_spans

HIDDEN = {"num_layers": 1, "hidden_dims": 5, "activations": "gelu"}
CONFIGS = {
    "pooled": {"span_extractor": "inner_boundary", "dropout": 0.0},
    "biaffine": {"start_feedforward": HIDDEN, "end_feedforward": HIDDEN},
    "combined": {"hidden_dim": 5, "product_dim": 2, "max_length": 2, "dropout": 0.0},
    "mention": {"encoder": {"type": "lstm", "hidden_size": 3, "bidirectional": True}},
}
LENGTHS = torch.tensor([4, 2])


def built(name, **overrides):
    torch.manual_seed(0)
    params = Params({"type": name, **CONFIGS[name], **overrides}).duplicate()
    return SpanScorer.from_params(params, input_dim=6, num_classes=3).eval()


@pytest.fixture
def words():
    return EncodedWords(torch.randn(2, 4, 6), LENGTHS)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_span_has_the_same_logits_among_others_or_alone(name, words):
    scorer, spans = built(name), enumerate_spans(LENGTHS, [1, 2, 3], 4)
    together = scorer(words, spans)
    assert together.size() == (spans.num_spans, 3)
    for row in range(spans.num_spans):
        which = torch.tensor([row])
        torch.testing.assert_close(scorer(words, spans.select(which)), together[which])


@pytest.mark.parametrize("name", CONFIGS)
def test_padding_is_never_read(name, words):
    scorer, spans = built(name), enumerate_spans(LENGTHS, [1, 2], 4)
    expected = scorer(words, spans)
    padded = words.vectors.masked_fill(~words.mask[..., None], 1e6)
    torch.testing.assert_close(scorer(EncodedWords(padded, LENGTHS), spans), expected)


def test_biaffine_scores_are_those_of_first_and_last_word(words):
    scorer = built("biaffine")
    spans = FlatSpans(*torch.tensor([[0, 1], [1, 0], [3, 1]]))
    start = scorer._start_feedforward(words.vectors)
    scores = scorer._biaffine(start, scorer._end_feedforward(words.vectors))
    expected = torch.stack([scores[0, 1, :, 3], scores[1, 0, :, 1]])
    torch.testing.assert_close(scorer(words, spans), expected)


def test_a_mention_is_read_word_by_word_and_attended_to_by_its_last_state(words):
    scorer = built("mention")
    lstm = scorer._encoder._encoder
    assert isinstance(lstm, LstmSeq2SeqEncoder)
    outputs, (state, _) = lstm._module(words.vectors[:1, 1:4])
    query = torch.cat([state[0], state[1]], dim=1)
    vector = attend(outputs, query, torch.ones(1, 3, dtype=torch.bool))
    spans = FlatSpans(*torch.tensor([[0], [1], [3]]))
    torch.testing.assert_close(scorer(words, spans), scorer._output(vector))


@pytest.mark.parametrize("end", ["start", "end"])
def test_the_size_of_a_projection_s_input_is_not_for_a_config_to_give(end):
    name = f"{end}_feedforward"
    with pytest.raises(ConfigurationError, match=rf"{name}\.input_dim is 9, .* here it is 6"):
        built("biaffine", **{name: {**HIDDEN, "input_dim": 9}})


@pytest.mark.parametrize("name", ["hidden_dim", "product_dim", "max_length"])
def test_sizes_of_the_combined_scorer(name):
    with pytest.raises(ConfigurationError, match=f"{name} is 0; allowed is 1 or more"):
        built("combined", **{name: 0})
    built("combined", **{name: 1})


def test_what_holds_without_being_said():
    for kind, defaults in (
        (CombinedSpanScorer, {"product_dim": 128, "max_length": 32, "dropout": 0.2}),
        (MentionSpanScorer, {"dropout": 0.0, "max_chunk_words": 32768}),
    ):
        parameters = signature(kind).parameters
        assert {name: parameters[name].default for name in defaults} == defaults


def test_vectors_of_lengths_begin_small():
    scorer = built("combined", hidden_dim=50, max_length=50)
    assert scorer._length.weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_encoders_that_call_their_size_otherwise():
    transformer = {
        "type": "pytorch_transformer",
        "num_layers": 1,
        "feedforward_hidden_dim": 4,
        "num_attention_heads": 1,
    }
    encoder = Lazy(Seq2SeqEncoder, params=Params(transformer))
    assert MentionSpanScorer(6, 3, encoder)._encoder.get_output_dim() == 6
