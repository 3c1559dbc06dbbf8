import torch
from allennlp.common import Params
from allennlp.data import Vocabulary
from allennlp.modules import Seq2VecEncoder, TokenEmbedder

ENCODER = {"type": "gru", "input_size": 3, "hidden_size": 2, "bidirectional": True}


def built():
    return Seq2VecEncoder.from_params(Params({"type": "mean_pooled", "encoder": dict(ENCODER)}))


def test_the_mean_over_what_is_not_padding():
    module = built()
    assert (module.get_input_dim(), module.get_output_dim()) == (3, 4)
    tokens = torch.randn(3, 5, 3)
    lengths = [5, 2, 1]
    mask = torch.arange(5) < torch.tensor(lengths)[:, None]
    found = module(tokens, mask)
    for row, length in enumerate(lengths):
        encoded = module._encoder(tokens[row : row + 1, :length], mask[row : row + 1, :length])
        torch.testing.assert_close(found[row], encoded[0].mean(dim=0))


def test_nothing_but_padding_is_zero():
    module = built()
    mask = torch.tensor([[True, True], [False, False]])
    assert torch.equal(module(torch.randn(2, 2, 3), mask)[1], torch.zeros(4))


def test_it_encodes_characters():
    embedder = TokenEmbedder.from_params(
        Params(
            {
                "type": "character_encoding",
                "embedding": {"num_embeddings": 9, "embedding_dim": 3},
                "encoder": {"type": "mean_pooled", "encoder": dict(ENCODER)},
            }
        ),
        vocab=Vocabulary(),
    )
    characters = torch.tensor([[[1, 2, 3], [4, 0, 0]], [[5, 6, 0], [0, 0, 0]]])
    words = embedder(characters)
    assert words.size() == (2, 2, 4)
    torch.testing.assert_close(words[0, 1], embedder(characters[:1, 1:, :1])[0, 0])
