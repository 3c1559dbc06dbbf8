"""The folder of a training: one process at a time, and always the same training."""

import fcntl
import hashlib
import json
import logging
import os
import shutil
from pathlib import Path
from typing import IO, Any, Callable, Dict, Iterator, List, Optional

from allennlp.common import Lazy, Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.models.archival import CONFIG_NAME

from locate_label_allennlp.common.whole_files import remove_partial_files, whole_file
from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats.corpus_files import corpus_files

logger = logging.getLogger(__name__)

LOCK, FINGERPRINT = ".lock", "fingerprint.json"

FORCED = "forced"
"""What stands for `recover=True` where changes are no reason to refuse it."""

CORPORA = ("train_data_path", "validation_data_path", "test_data_path")

_FREE = (*CORPORA, "evaluation", "trainer.cuda_device")
"""The keys that may change, with all below them; of corpora the content counts."""

_locks: Dict[str, IO[str]] = {}


def open_training_folder(params: Params, folder: Any, recover: Any, force: bool) -> None:
    """
    Locks the folder for this process, and writes `fingerprint.json` into it: the config and the
    hashes of the corpora; for a training that is recovered it compares them.

    # Parameters

    params : `Params`
        The whole config.
    folder : `PathLike`
    recover : `bool`
        `FORCED` to go on with what has changed, which is a warning then.
    force : `bool`
        Whether to empty the folder.

    # Raises

    `ConfigurationError` if another process trains there; if there is anything in the folder, unless
    it is to be emptied or the training to be recovered; or if it is another training.
    """
    path = Path(folder)
    if recover and force:
        raise ConfigurationError("--recover and --force are given; allowed is one of them")
    if recover and not (path.is_dir() and any(path.iterdir())):
        raise ConfigurationError(f"{folder} is empty or not there; --recover has nothing to go on")
    if not (recover or force):
        _check_empty(path)
    path.mkdir(parents=True, exist_ok=True)
    lock(path)
    remove_partial_files(path)
    current = {"config": params.as_dict(quiet=True), "corpora": _corpora(params)}
    if not recover:
        if force:
            _empty(path)
        _check_empty(path)
    elif _content(path):
        before = read_fingerprint(path)
        changes = list(_changes(before, current))
        if changes:
            message = f"{folder} is of another training; changed are {'; '.join(changes)}"
            if recover != FORCED:
                raise ConfigurationError(f"{message} (--force-recover goes on with them)")
            logger.warning("%s; the training goes on with them", message)
        current = {**before, **current}
    _write_fingerprint(path, current)


def lock(path: Path) -> None:
    """A `ConfigurationError` if a training is going on in the folder, be it of this process."""
    # A lock of this kind ends with the process, and its children do not inherit it.
    file = open(path / LOCK, "a+")  # noqa: SIM115
    file.seek(0)
    try:
        if _key(path) in _locks:
            raise BlockingIOError
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise ConfigurationError(
            f"process {file.read().strip()} trains in {path}; allowed is one at a time"
        ) from error
    file.truncate(0)
    print(os.getpid(), file=file, flush=True)
    _locks[_key(path)] = file


def unlock(folder: Any) -> None:
    """Ends the lock of this process, if there is one."""
    file = _locks.pop(_key(folder), None)
    if file is not None:
        file.close()


def _key(folder: Any) -> str:
    return os.path.realpath(folder)


def _content(path: Path) -> List[Path]:
    return [each for each in path.iterdir() if each.name != LOCK]


def _check_empty(path: Path) -> None:
    if path.is_dir() and _content(path):
        raise ConfigurationError(
            f"{path} is not empty; allowed is a new or empty folder, --recover to go on with the "
            "training in it, or --force to delete what is there"
        )


def _empty(path: Path) -> None:
    for each in _content(path):
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()


def read_fingerprint(path: Path) -> Dict[str, Any]:
    """Of a training of an older version its config alone."""
    try:
        if (path / FINGERPRINT).exists():
            fingerprint: Dict[str, Any] = json.loads((path / FINGERPRINT).read_text("utf-8"))
            return fingerprint
        return {"config": json.loads((path / CONFIG_NAME).read_text("utf-8"))}
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path} is not the folder of a training: it has no {FINGERPRINT} and no {CONFIG_NAME} "
            "that can be read"
        ) from error


def _write_fingerprint(path: Path, fingerprint: Dict[str, Any]) -> None:
    with whole_file(path / FINGERPRINT) as file:
        file.write((json.dumps(fingerprint, indent=1) + "\n").encode())


def _changes(before: Dict[str, Any], now: Dict[str, Any]) -> Iterator[str]:
    old, new = _flat(before["config"]), _flat(now["config"])
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key) and not any(
            key == free or key.startswith(f"{free}.") for free in _FREE
        ):
            yield f"{key} ({_short(old, key)}, now {_short(new, key)})"
    corpora = before.get("corpora", now["corpora"])
    for key in CORPORA:
        if corpora.get(key) != now["corpora"].get(key):
            path = now["config"].get(key)
            yield f"{key} ({path if isinstance(path, str) else json.dumps(path)} has other content)"


def _flat(config: Dict[str, Any]) -> Dict[str, Any]:
    flat: Dict[str, Any] = Params(config).as_flat_dict()
    return flat


def _short(values: Dict[str, Any], key: str) -> str:
    text = json.dumps(values[key], ensure_ascii=False) if key in values else "not given"
    return text if len(text) <= 40 else f"{text[:37]}..."


def _corpora(params: Params) -> Dict[str, str]:
    """A hash of each corpus: of the content of its files in their order."""
    config = params.as_dict(quiet=True)
    return {key: _hash_of_files(config[key]) for key in CORPORA if config.get(key) is not None}


def _hash_of_files(paths: Any) -> str:
    digest = hashlib.sha256()
    for path in _strings(paths):
        try:
            for file in corpus_files(path):
                with file.open_packed() as content:
                    digest.update(hashlib.file_digest(content, "sha256").digest())
        except (CorpusError, OSError):
            # No file, which its reader may know what to do with, or says.
            digest.update(path.encode())
    return digest.hexdigest()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def fixed_vocabulary(
    vocabulary: Lazy[Vocabulary], model: Lazy[Model], folder: Any, is_primary: bool
) -> Dict[str, Lazy[Any]]:
    """
    The vocabulary of a training is that of its start. Once there is a checkpoint it is read from
    the folder, whatever the corpora have in them now.

    # Returns

    `Dict[str, Lazy]`
        The `vocabulary` and the `model` to construct. This raises a `ConfigurationError` if the
        vocabulary is another one.
    """
    path = Path(folder)
    known = (path / FINGERPRINT).exists()
    begun = known and any(path.glob("training_state_*.th"))
    recorded = read_fingerprint(path).get("vocabulary") if begun else None
    saved = None if recorded is None else _saved_vocabulary(vocabulary, path / "vocabulary")
    if saved is not None and _hash_of_vocabulary(saved) == recorded:
        vocabulary = Lazy(_giving(saved))

    def construct(**options: Any) -> Model:
        made: Model = model.construct(**options)
        # A model may have extended it.
        current = _hash_of_vocabulary(made.vocab)
        if recorded not in (None, current):
            raise ConfigurationError(
                f"{path / 'vocabulary'} is not what the training began with, and the corpora give "
                "another vocabulary; allowed is to begin anew"
            )
        if known and recorded is None and is_primary:
            _write_fingerprint(path, {**read_fingerprint(path), "vocabulary": current})
        return made

    return {"vocabulary": vocabulary, "model": Lazy(construct)}


def _giving(vocabulary: Vocabulary) -> Callable[..., Vocabulary]:
    return lambda **options: vocabulary


def _saved_vocabulary(vocabulary: Lazy[Vocabulary], path: Path) -> Optional[Vocabulary]:
    tokens = {
        name: vocabulary._params[name]
        for name in ("padding_token", "oov_token")
        if name in vocabulary._params
    }
    try:
        return Vocabulary.from_files(path, **tokens)
    except Exception:  # of many kinds, where a kill has left half of it
        return None


def _hash_of_vocabulary(vocabulary: Vocabulary) -> str:
    indices = vocabulary._token_to_index
    filled = {name: sorted(indices[name].items(), key=lambda pair: pair[1]) for name in indices}
    named = {name: tokens for name, tokens in filled.items() if tokens}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
