"""Random batches, and models whose words are given as vectors."""

import torch
from allennlp.common import Params
from allennlp.data import Vocabulary
from hypothesis import strategies as st

from locate_label_allennlp.models import GoldEntities
from locate_label_allennlp.nn.encoded_words import EncodedWords

TYPES = ("A", "B", "C")
DIM = 4


class NoEncoder(torch.nn.Module):
    """Stands for the word encoder of a model that is given its words' vectors."""

    def __init__(self, dim):
        super().__init__()
        self._dim = dim

    def get_output_dim(self):
        return self._dim


def model_of(kind, seed, dim=DIM, spread=0.7, **settings):
    """A model with random weights in double precision, without an encoder and dropout."""
    vocab = Vocabulary()
    for label in TYPES:
        vocab.add_token_to_namespace(label, "entity_labels")
    params = Params({"precision": "fp32", **settings}).duplicate()
    model = kind.from_params(params, vocab=vocab, word_encoder=NoEncoder(dim))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(spread * torch.randn(parameter.size(), generator=generator))
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model.double()


@st.composite
def batches(draw, longest=7, most=3):
    """For each sentence its number of words, and its entities: start, inclusive end, label."""
    sentences = []
    for _ in range(draw(st.integers(1, 3))):
        length = draw(st.integers(1, longest))
        entities = []
        for _ in range(draw(st.integers(0, most))):
            start = draw(st.integers(0, length - 1))
            end = draw(st.integers(start, length - 1))
            entities.append((start, end, draw(st.integers(0, len(TYPES) - 1))))
        sentences.append((length, entities))
    return sentences


def tensors(sentences, seed, dim=DIM):
    """
    The words and gold entities of a batch, and the words of each sentence alone; padding is what no
    arithmetic should meet.
    """
    longest = max(length for length, _ in sentences)
    most = max(len(entities) for _, entities in sentences)
    vectors = torch.full((len(sentences), longest, dim), 1e3, dtype=torch.double)
    rows = torch.full((len(sentences), most, 3), -1)
    generator = torch.Generator().manual_seed(seed)
    alone = []
    for index, (length, entities) in enumerate(sentences):
        vectors[index, :length] = torch.randn(length, dim, dtype=torch.double, generator=generator)
        rows[index, : len(entities)] = torch.tensor(entities, dtype=torch.long).view(-1, 3)
        alone.append(vectors[index, :length].numpy())
    lengths = torch.tensor([length for length, _ in sentences])
    gold = GoldEntities(rows, [{}] * len(sentences), [[]] * len(sentences))
    return EncodedWords(vectors, lengths), gold, alone


def total(model, losses, sentences):
    """The loss that a model minimises."""
    return model.total_loss(losses, [{"source": ""}] * len(sentences))
