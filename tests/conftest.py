"""What tests of several modules share."""

from pathlib import Path

import pytest
import torch
import transformers
from allennlp.common.util import import_module_and_submodules
from hypothesis import settings
from tokenizers import ByteLevelBPETokenizer
from tokenizers.pre_tokenizers import ByteLevel

# As the `allennlp` command does: registers every component.
import_module_and_submodules("locate_label_allennlp")

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")

# Wordpieces the tiny encoders see at once, the two special ones included.
TINY_WINDOW = 32

# Large enough that a wordpiece's vector depends on what stands around it.
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "initializer_range": 0.5,
}


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return Path(__file__).parent.parent / "fixtures"


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> str:
    """
    The folder of a small BERT that reads 32 wordpieces, with random weights. Its pieces are
    `the`, `port`, `##ed` and the single letters a to z, so that most words have several.
    """
    folder = tmp_path_factory.mktemp("encoders") / "tiny-bert"
    folder.mkdir()
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "port", "##ed", "."]
    pieces += letters + [f"##{letter}" for letter in letters]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(pieces), encoding="utf-8")
    transformers.BertTokenizerFast(str(vocabulary), model_max_length=TINY_WINDOW).save_pretrained(
        folder
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        transformers.BertModel(
            transformers.BertConfig(
                vocab_size=len(pieces), max_position_embeddings=TINY_WINDOW, **SIZES
            )
        ).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tiny_roberta(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a small RoBERTa that reads 32 wordpieces, one a byte, with random weights."""
    folder = tmp_path_factory.mktemp("encoders") / "tiny-roberta"
    folder.mkdir()
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet())]
    ByteLevelBPETokenizer({piece: index for index, piece in enumerate(pieces)}, []).save_model(
        str(folder)
    )
    transformers.RobertaTokenizerFast(
        str(folder / "vocab.json"),
        str(folder / "merges.txt"),
        model_max_length=TINY_WINDOW,
        add_prefix_space=True,
    ).save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        transformers.RobertaModel(
            transformers.RobertaConfig(
                vocab_size=len(pieces),
                max_position_embeddings=TINY_WINDOW + 2,
                type_vocab_size=1,
                **SIZES,
            )
        ).save_pretrained(folder)
    return str(folder)
