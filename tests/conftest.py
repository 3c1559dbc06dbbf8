"""What tests of several modules share."""

import json
import logging
from pathlib import Path
from string import ascii_lowercase as LETTERS
from typing import Iterator

import pytest
import torch
import transformers
from allennlp.commands.train import train_model_from_file
from allennlp.common.util import import_module_and_submodules
from hypothesis import settings
from tokenizers.pre_tokenizers import ByteLevel

from locate_label_allennlp.common import precision
from tests.configs import VARIABLES

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


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """No variable that a config reads is set, in subprocesses neither."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_precision() -> Iterator[None]:
    """Models calculate in float32 by themselves, whatever the processor has."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(precision, "cpu_has_bfloat16", lambda: False)
        yield


@pytest.fixture(autouse=True)
def no_handlers_of_trainings() -> Iterator[None]:
    """
    A training in this process leaves handlers of the log behind that write to the standard output
    of its test, which is closed afterwards.
    """
    remove_handlers()
    yield
    remove_handlers()


def remove_handlers() -> None:
    for handler in list(logging.root.handlers):
        if type(handler) in (logging.StreamHandler, logging.FileHandler):
            logging.root.removeHandler(handler)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return Path(__file__).parent.parent / "fixtures"


@pytest.fixture(scope="session")
def trained_archive(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In the folder of its training; it finds the entities of its small corpus."""
    folder = tmp_path_factory.mktemp("trained") / "out"
    overrides = {"trainer.num_epochs": 60}
    config = fixtures / "configs" / "tiny.jsonnet"
    train_model_from_file(str(config), str(folder), overrides=overrides)
    return folder / "model.tar.gz"


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> str:
    """
    The folder of a small BERT that reads 32 wordpieces, with random weights. Its pieces are
    `the`, `port`, `##ed` and the single letters a to z, so that most words have several.
    """
    folder = tmp_path_factory.mktemp("encoders") / "tiny-bert"
    folder.mkdir()
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "port", "##ed", "."]
    pieces += [*LETTERS, *(f"##{letter}" for letter in LETTERS)]
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
    """
    The folder of a small RoBERTa that reads 32 wordpieces, with random weights. Its pieces are
    single bytes, and the blank before a word goes with the word's first letter.
    """
    folder = tmp_path_factory.mktemp("encoders") / "tiny-roberta"
    folder.mkdir()
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet())]
    pieces += [f"Ġ{letter}" for letter in LETTERS]
    vocabulary = json.dumps({piece: index for index, piece in enumerate(pieces)})
    (folder / "vocab.json").write_text(vocabulary, encoding="utf-8")
    merges = "#version: 0.2\n" + "".join(f"Ġ {letter}\n" for letter in LETTERS)
    (folder / "merges.txt").write_text(merges, encoding="utf-8")
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
