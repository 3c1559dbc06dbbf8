import json
from types import SimpleNamespace

import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.modules import TextFieldEmbedder
from allennlp.modules.token_embedders import Embedding

from locate_label_allennlp.modules.word_encoder import WordEncoder, _sentence_dim

EMBEDDER = {
    "token_embedders": {"words": {"type": "embedding", "num_embeddings": 50, "embedding_dim": 3}}
}
# Two sentences: words 2 to 4 of the first text, words 0 to 1 of the second.
CENTRE = torch.tensor([[2, 3], [0, 2]])
CONTEXT = torch.tensor([[11, 12, 13, 14, 15, 16], [21, 22, 23, 0, 0, 0]])
TOKENS = torch.tensor([[13, 14, 15], [21, 22, 0]])


def copied(params):
    """AllenNLP takes the parameters out as it uses them."""
    return Params(json.loads(json.dumps(params)))


def built(**params):
    return WordEncoder.from_params(copied(params), vocab=Vocabulary())


def field(ids):
    return {"words": {"tokens": ids}}


def test_only_the_words_of_the_sentence_itself_go_on():
    encoder = built(context_embedder=EMBEDDER)
    words = encoder(CENTRE, 3, context=field(CONTEXT))
    assert words.size() == (2, 3, 3)
    alone = encoder.context_embedder(field(TOKENS))
    assert torch.equal(words[0], alone[0])
    assert torch.equal(words[1, :2], alone[1, :2])


def test_a_sentence_at_the_end_of_the_longest_text():
    encoder = built(context_embedder=EMBEDDER)
    centre = torch.tensor([[5, 1], [0, 3]])
    words = encoder(centre, 3, context=field(CONTEXT))
    expected = encoder.context_embedder(field(CONTEXT))
    assert torch.equal(words[0, 0], expected[0, 5])
    assert torch.equal(words[1], expected[1, :3])


def test_both_sources_are_concatenated():
    encoder = built(text_field_embedder=EMBEDDER, context_embedder=EMBEDDER)
    assert encoder.get_output_dim() == 6
    words = encoder(CENTRE, 3, field(TOKENS), field(CONTEXT))
    assert torch.equal(words[0, :, :3], encoder.text_field_embedder(field(TOKENS))[0])
    assert torch.equal(words[0, :, 3:], encoder.context_embedder(field(TOKENS))[0])


def test_words_alone_need_no_context():
    encoder = built(text_field_embedder=EMBEDDER)
    assert encoder(CENTRE, 3, tokens=field(TOKENS)).size() == (2, 3, encoder.get_output_dim())


@pytest.mark.parametrize(
    ("encoder", "size"),
    [
        ({"type": "lstm", "hidden_size": 4, "bidirectional": True}, 8),
        ({"type": "pass_through"}, 3),
        ({"type": "compose", "encoders": [{"type": "lstm", "input_size": 3, "hidden_size": 5}]}, 5),
    ],
)
def test_the_sequence_encoder_is_told_its_input_size(encoder, size):
    module = built(text_field_embedder=EMBEDDER, encoder=encoder)
    assert module.get_output_dim() == size
    assert module(CENTRE, 3, tokens=field(TOKENS)).size() == (2, 3, size)


def test_padding_does_not_reach_the_sequence_encoder():
    module = built(
        text_field_embedder=EMBEDDER,
        encoder={"type": "lstm", "hidden_size": 4, "bidirectional": True},
    )
    together = module(CENTRE, 3, tokens=field(TOKENS))
    alone = module(CENTRE[1:], 2, tokens=field(TOKENS[1:, :2]))
    torch.testing.assert_close(together[1, :2], alone[0])


LSTM = {"type": "lstm", "hidden_size": 4, "bidirectional": True}


def test_contextual_vectors_may_join_behind_the_sequence_encoder():
    sources = {"text_field_embedder": EMBEDDER, "context_embedder": EMBEDDER}
    module = built(encoder=LSTM, context_after_encoder=True, **sources)
    # The sequence encoder reads the words' own vectors alone.
    assert (module.encoder.get_input_dim(), module.get_output_dim()) == (3, 8)
    mask = torch.tensor([[True, True, True], [True, True, False]])
    encoded = module.encoder(module.text_field_embedder(field(TOKENS)), mask)
    contextual = module.context_embedder(field(TOKENS))
    expected = module._joined(torch.cat([encoded, contextual], dim=-1))
    words = module(CENTRE, 3, field(TOKENS), field(CONTEXT))
    torch.testing.assert_close(words[mask], expected[mask])
    module = built(encoder=LSTM, dropout=1.0, context_after_encoder=True, **sources)
    assert torch.equal(*module(CENTRE, 3, field(TOKENS), field(CONTEXT))[0, [0, 0]])
    torch.testing.assert_close(
        module(CENTRE, 3, field(TOKENS), field(CONTEXT)),
        module(CENTRE, 3, field(TOKENS + 1), field(CONTEXT + 1)),
    )


@pytest.mark.parametrize(
    "parts",
    [
        {"text_field_embedder": EMBEDDER, "encoder": LSTM},
        {"context_embedder": EMBEDDER, "encoder": LSTM},
        {"text_field_embedder": EMBEDDER, "context_embedder": EMBEDDER},
    ],
)
def test_what_joins_behind_a_sequence_encoder_needs_one(parts):
    with pytest.raises(ConfigurationError, match="context_after_encoder is true; allowed is that"):
        built(context_after_encoder=True, **parts)


def test_vectors_may_pass_by_the_sequence_encoder():
    module = built(text_field_embedder=EMBEDDER, encoder=LSTM, skip_connection=True)
    vectors = module.text_field_embedder(field(TOKENS))
    mask = torch.tensor([[True, True, True], [True, True, False]])
    expected = module.encoder(vectors, mask) + module._skipping(vectors)
    words = module(CENTRE, 3, field(TOKENS))
    assert words.size() == (2, 3, module.get_output_dim()) == (2, 3, 8)
    torch.testing.assert_close(words[mask], expected[mask])
    # Dropout comes before both ways.
    module = built(text_field_embedder=EMBEDDER, encoder=LSTM, dropout=1.0, skip_connection=True)
    torch.testing.assert_close(
        module(CENTRE, 3, field(TOKENS))[0, 0, :],
        module._skipping.bias + module.encoder(torch.zeros(2, 3, 3), mask)[0, 0],
    )


@pytest.mark.parametrize("parts", [{}, {"encoder": LSTM, "context_after_encoder": True}])
def test_what_passes_by_a_sequence_encoder_needs_one(parts):
    sources = {"text_field_embedder": EMBEDDER, "context_embedder": EMBEDDER}
    with pytest.raises(ConfigurationError, match="skip_connection is true; allowed is that with"):
        built(skip_connection=True, **sources, **parts)


@pytest.mark.parametrize("after", [False, True])
def test_the_vector_of_the_text_is_kept_from_the_sequence_encoder(after, monkeypatch):
    # Two of the three numbers are of the text.
    monkeypatch.setattr(Embedding, "sentence_dim", 2, raising=False)
    sources = {"text_field_embedder": EMBEDDER, "context_embedder": EMBEDDER}
    module = built(encoder=LSTM, context_after_encoder=after, **sources)
    assert module.encoder.get_input_dim() == (3 if after else 4)
    assert module.get_output_dim() == 8 + 2
    words = module(CENTRE, 3, field(TOKENS), field(CONTEXT))
    assert words.size() == (2, 3, 10)
    contextual = module.context_embedder(field(TOKENS))
    assert torch.equal(words[0, :, 8:], contextual[0, :, 1:])
    # Those numbers change nothing else.
    with torch.no_grad():
        module.context_embedder._token_embedders["words"].weight[:, 1:] += 1
    again = module(CENTRE, 3, field(TOKENS), field(CONTEXT))
    torch.testing.assert_close(again[..., :8], words[..., :8])
    torch.testing.assert_close(again[0, :, 8:], words[0, :, 8:] + 1)
    alone = built(context_embedder=EMBEDDER)
    assert alone.get_output_dim() == 3
    two = {"token_embedders": dict.fromkeys("ab", EMBEDDER["token_embedders"]["words"])}
    with pytest.raises(ConfigurationError, match="sentence_vector is true; allowed is that where"):
        built(context_embedder=two)


def test_dropout_only_in_training():
    module = built(text_field_embedder=EMBEDDER, dropout=0.5)
    tokens = field(torch.arange(1, 41)[None])
    centre = torch.tensor([[0, 40]])
    share = (module(centre, 40, tokens=tokens) == 0).float().mean()
    assert 0.3 < share < 0.7
    assert (module.eval()(centre, 40, tokens=tokens) != 0).all()


def test_a_source_of_vectors_is_needed():
    with pytest.raises(ConfigurationError, match="text_field_embedder, context_embedder, or both"):
        built(encoder={"type": "pass_through"})


def test_it_can_be_built_without_a_config():
    embedder = TextFieldEmbedder.from_params(copied(EMBEDDER), vocab=Vocabulary())
    assert WordEncoder(context_embedder=embedder).get_output_dim() == 3


@pytest.mark.parametrize(("dims", "expected"), [([2], 2), ([0], 0), ([0, 0], 0), ([], 0)])
def test_numbers_that_are_those_of_the_text(dims, expected):
    embedders = {str(i): SimpleNamespace(sentence_dim=dim) for i, dim in enumerate(dims)}
    assert _sentence_dim(SimpleNamespace(_token_embedders=embedders)) == expected


@pytest.mark.parametrize("dims", [[2, 0], [0, 2], [2, 2]])
def test_a_vector_of_the_text_stands_alone(dims):
    embedders = {str(i): SimpleNamespace(sentence_dim=dim) for i, dim in enumerate(dims)}
    with pytest.raises(ConfigurationError, match="sentence_vector is true"):
        _sentence_dim(SimpleNamespace(_token_embedders=embedders))
