"""Vectors that do not fit the config."""

from pathlib import Path

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.modules.token_embedders import Embedding

VOCAB = Vocabulary({"tokens": {"port": 1, "tarn": 1}})


def embedding(path: Path, dimension: int) -> Embedding:
    return Embedding(embedding_dim=dimension, pretrained_file=str(path), vocab=VOCAB)


@pytest.mark.parametrize("header", ["", "3 4\n"])
def test_another_size_is_named(header: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(f"{header}port 1 2 3 4\ntarn 1 2 3 5\nmole 1 2 3 6\n")
    message = r"vectors.txt: the word vectors have 4 numbers, but the embedding_dim .* is 3$"
    with pytest.raises(ConfigurationError, match=message):
        embedding(path, 3)
    row = VOCAB.get_token_index("tarn")
    torch.testing.assert_close(
        embedding(path, 4).weight[row].detach(), torch.tensor([1.0, 2.0, 3.0, 5.0])
    )


def test_a_word_with_blanks_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(". . . 1 2 3 4\nport 1 2 3 4\n")
    row = VOCAB.get_token_index("port")
    assert embedding(path, 4).weight[row].tolist() == [1, 2, 3, 4]
