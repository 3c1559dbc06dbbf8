"""An archive like another one, with a changed config."""

import io
import json
import tarfile
from typing import Any, Callable

from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common.whole_files import whole_file

CONFIG = "config.json"


def copy_archive(source: str, target: str, change: Callable[[Any], Any]) -> None:
    """
    # Parameters

    source, target : `str`
        Archives; `target` is there whole or not at all.
    change : `Callable[[Any], Any]`
        Is given the config of the one and returns that of the other.

    # Raises

    `ConfigurationError` if `source` is no archive with a config.
    """
    try:
        with (
            tarfile.open(source) as old,
            whole_file(target) as file,
            tarfile.open(fileobj=file, mode="w:gz") as new,
        ):
            if not _copy(old, new, change):
                raise ConfigurationError(f"{source} has no {CONFIG}; allowed is a model.tar.gz")
    except (tarfile.TarError, EOFError) as error:
        raise ConfigurationError(f"{source} is no archive ({error})") from error


def _copy(old: tarfile.TarFile, new: tarfile.TarFile, change: Callable[[Any], Any]) -> bool:
    """Whether there was a config."""
    found = False
    for member in old:
        content = old.extractfile(member) if member.isfile() else None
        if member.name == CONFIG and content is not None:
            text = json.dumps(change(json.load(content)), indent=2).encode()
            member.size, content, found = len(text), io.BytesIO(text), True
        new.addfile(member, content)
    return found
