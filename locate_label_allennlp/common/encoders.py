"""Loads transformer encoders, and keeps in the serialization directory what an archive needs."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional, Tuple
from uuid import uuid4

from allennlp.common.checks import ConfigurationError
from huggingface_hub import HfApi, constants, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError
from transformers import AutoConfig, AutoModel, AutoTokenizer, PretrainedConfig

from locate_label_allennlp.common.weights import SAFE_WEIGHTS
from locate_label_allennlp.patches.trust import is_restricted

# Configs name this folder in `include_in_archive`.
ENCODER_FOLDER = "encoder"


def encoder_source(model_name: str, serialization_dir: Optional[str]) -> str:
    """
    Where the configuration and the tokenizer of an encoder are read from: the copy inside
    `serialization_dir` (so an archive needs neither the network nor the original folder), or, where
    there is none yet, the model itself, of which the copy is made.

    # Parameters

    model_name : `str`
        A folder or a name on the model hub.
    serialization_dir : `str`, optional
        AllenNLP passes it to every component, in training and in loading an archive.

    # Errors

    `ConfigurationError` if the encoder cannot be found, or an archive that is not trusted has no
    copy.
    """
    if serialization_dir is None:
        return model_name
    copy = Path(serialization_dir) / ENCODER_FOLDER / copy_name(model_name)
    if not copy.is_dir():
        if is_restricted():
            raise ConfigurationError(
                f"the archive has no copy of its encoder {model_name!r} ({ENCODER_FOLDER}/"
                f"{copy.name}); --trust (in Python trust=True) lets it look elsewhere"
            )
        _copy_encoder(model_name, copy)
    return str(copy)


def copy_name(model_name: str) -> str:
    """The name of the folder with the copy of an encoder, below `ENCODER_FOLDER`."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", os.path.basename(os.path.normpath(model_name)))
    # Two encoders of one experiment may have folders of the same name.
    digest = hashlib.sha256(model_name.encode()).hexdigest()[:8]
    return f"{readable}-{digest}"


def _copy_encoder(model_name: str, target: Path) -> None:
    """Whole or not at all: several processes may make the same copy at the same time."""
    config, tokenizer = load_config(model_name), load_tokenizer(model_name)
    partial = target.with_name(f".{target.name}-{uuid4().hex}")
    partial.mkdir(parents=True)
    try:
        config.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        os.rename(partial, target)
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def holds_trained_weights(serialization_dir: Optional[str]) -> bool:
    """Whether trained weights of the whole model lie there; they replace any pretrained ones."""
    folder = None if serialization_dir is None else Path(serialization_dir)
    return folder is not None and any(
        any(folder.glob(pattern))
        for pattern in ("weights.th", "best.th", "model_state_*.th", SAFE_WEIGHTS)
    )


_ALLOWED = "a folder with config.json, weights and tokenizer, or a name on the model hub"
_HUB_TIMEOUT = 10  # seconds

# What encoders call it.
_ATTENTION_DROPOUTS = ("attention_probs_dropout_prob", "attention_dropout")


@lru_cache(maxsize=8)
def load_tokenizer(source: str) -> Any:
    """
    The fast tokenizer of an encoder. Cached, so that the parts of an experiment share it.

    One that tells the beginning of a word by the blank before it (byte-level BPE, such as
    RoBERTa's) is loaded with `add_prefix_space`, since it is given words one by one; but for the
    copy in an archive, which stays as the model was trained with it.
    """
    tokenizer = _loaded(AutoTokenizer, source, use_fast=True)
    if tokenizer.is_fast and not _is_copy(source) and _misses_blanks(tokenizer):
        tokenizer = _loaded(AutoTokenizer, source, use_fast=True, add_prefix_space=True)
    if not tokenizer.is_fast:
        raise ConfigurationError(
            f"encoder {source!r} has only a slow tokenizer ({type(tokenizer).__name__}); "
            "one with a tokenizer.json is needed"
        )
    return tokenizer


def _is_copy(source: str) -> bool:
    """Whether `copy_name` named the folder."""
    path = Path(source)
    is_named_so = re.search(r"-[0-9a-f]{8}$", path.name) is not None
    return is_named_so and path.parent.name == ENCODER_FOLDER


def _misses_blanks(tokenizer: Any) -> bool:
    """Whether a word alone is tokenized as if no blank came before it."""
    waiting = [json.loads(tokenizer.backend_tokenizer.to_str()).get("pre_tokenizer")]
    while waiting:
        step = waiting.pop() or {}
        if step.get("type") == "ByteLevel" and not step["add_prefix_space"]:
            return True
        waiting += step.get("pretokenizers", [])
    return False


def load_config(source: str) -> Any:
    if os.path.isfile(os.path.join(source, "config.json")):
        # Of such a model transformers would load another one, and ask whether to run its code.
        inner = _backbone(PretrainedConfig.get_config_dict(source)[0])
        if inner is not None:
            raise ConfigurationError(
                f"encoder {source!r} is built on another model, {inner!r}; allowed are encoders of "
                "text"
            )
    return _loaded(AutoConfig, source)


def _backbone(config: Any) -> Any:
    if not isinstance(config, dict):
        return None
    inner = (_backbone(value) for value in config.values())
    return config.get("backbone") or next((found for found in inner if found is not None), None)


@contextmanager
def without_hub(when: bool) -> Iterator[None]:
    """Within it, nothing is asked of the model hub."""
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or when
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def longest_input(source: str) -> int:
    """Wordpieces an encoder reads at once; its tokenizer or its configuration may not know."""
    positions = getattr(load_config(source), "max_position_embeddings", 0)
    limits = (load_tokenizer(source).model_max_length, positions)
    return min(limit for limit in limits if limit > 0)


def load_transformer(
    model_name: str, source: str, pretrained: bool, attention_dropout: Optional[float] = None
) -> Any:
    """
    The transformer itself, with its pretrained weights or only with their shape.

    # Parameters

    model_name : `str`
        Where the weights are.
    source : `str`
        Where the configuration is.
    pretrained : `bool`
    attention_dropout : `float`, optional (default = `None`)
        Instead of the configuration's own.
    """
    config = load_config(source)
    attention = getattr(config, "_attn_implementation", None)
    if "/" in str(attention or ""):
        raise ConfigurationError(
            f"encoder {model_name!r} asks for the attention {attention!r} of a hub, which is code; "
            "allowed is what transformers has"
        )
    if attention_dropout is not None:
        names = [name for name in _ATTENTION_DROPOUTS if hasattr(config, name)]
        if not names:
            raise ConfigurationError(
                f"encoder {model_name!r} has no attention dropout under one of the names "
                f"{_ATTENTION_DROPOUTS}; leave attention_dropout out"
            )
        setattr(config, names[0], attention_dropout)
    if not pretrained:
        with without_hub(is_restricted()):
            return AutoModel.from_config(config, trust_remote_code=False)
    return _loaded(AutoModel, model_name, config=config)


def special_pieces(tokenizer: Any) -> Tuple[Tuple[int, ...], Tuple[int, ...]]:
    """The wordpieces that the encoder wants before and after a text, such as [CLS] and [SEP]."""
    encoded = tokenizer("a", return_special_tokens_mask=True)
    ids, is_special = encoded["input_ids"], encoded["special_tokens_mask"]
    before, after = is_special.index(0), is_special[::-1].index(0)
    return tuple(ids[:before]), tuple(ids[len(ids) - after :])


def _loaded(auto_class: Any, name: str, **options: Any) -> Any:
    if os.path.isdir(name):
        if not os.path.isfile(os.path.join(name, "config.json")):
            raise ConfigurationError(f"encoder folder {name!r} has no config.json")
    elif not _is_reachable(name):
        options["local_files_only"] = True
    try:
        # An encoder that brings its own code is refused: transformers would ask on standard input.
        with without_hub(is_restricted()):
            return auto_class.from_pretrained(name, trust_remote_code=False, **options)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(
            f"encoder {name!r} could not be loaded by {auto_class.__name__}; "
            f"allowed is {_ALLOWED}: {reason}"
        ) from error


@lru_cache(maxsize=8)
def _is_reachable(name: str) -> bool:
    """
    Whether the model hub can be asked for a model, which it has; if not, there is a copy on this
    machine. transformers would try for half a minute to reach a hub that cannot be reached.

    # Raises

    `ConfigurationError` if there is no such model, or neither the hub nor a copy.
    """
    try:
        HfApi().model_info(name, timeout=_HUB_TIMEOUT)
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ConfigurationError(
            f"encoder {name!r} (ENCODER) is neither a folder here nor a model on the hub "
            f"{constants.ENDPOINT}; is it misspelt, or private? Allowed is {_ALLOWED}"
        ) from error
    except HfHubHTTPError:
        return True  # it answers; why it does not give the model is for transformers to say
    except Exception as error:  # which one it is depends on the HTTP library
        if isinstance(try_to_load_from_cache(name, "config.json"), str):
            return False
        raise ConfigurationError(
            f"encoder {name!r} (ENCODER) is no folder here, and the model hub {constants.ENDPOINT} "
            "cannot be reached: is this machine offline, or the name misspelt? "
            f"Allowed is {_ALLOWED}"
        ) from error
    return True
