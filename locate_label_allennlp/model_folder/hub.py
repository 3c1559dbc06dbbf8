"""Models on the hub: published, and fetched with the checks of any other model from elsewhere."""

import re
from pathlib import Path
from typing import Any, Container, Iterable, NamedTuple, Optional

from allennlp.common.checks import ConfigurationError
from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from locate_label_allennlp.common.unpacking import RefusedArchive, check_files, check_limits
from locate_label_allennlp.model_folder.layout import CARD, NEEDED, PARTS, PATTERNS, belongs
from locate_label_allennlp.patches.archives import UnsafeArchive

TIMEOUT = 10  # seconds

_NAME = re.compile(r"(hf://)?([\w-][\w.-]*/[\w-][\w.-]*)(?:@([\w./-]+))?")
_ARCHIVES = (".gz", ".tgz", ".tar", ".zip", ".th")


class HubName(NamedTuple):
    """The name of a model on the hub, and which revision of it, if that is said."""

    name: str
    revision: Optional[str] = None


def hub_name(text: str) -> Optional[HubName]:
    """
    What a text names on the hub: `org/name`, or `org/name@revision`. It is none if it ends as an
    archive does, or if its first part is a folder here, unless `hf://` stands before it.
    """
    match = _NAME.fullmatch(text)
    if match is None:
        return None
    scheme, name, revision = match.groups()
    is_local = name.endswith(_ARCHIVES) or Path(name).parent.is_dir()
    return None if is_local and not scheme else HubName(name, revision)


def downloaded(name: str, revision: Optional[str] = None) -> str:
    """
    The folder of a model in the cache of the hub, downloaded if there is a newer one. Only the
    files of a model are, after a look at their sizes. Nothing is asked of the hub with
    `HF_HUB_OFFLINE`.

    # Raises

    `ConfigurationError` if there is no such model, or neither the hub nor a copy of it.
    `UnsafeArchive` if it is no model of this package, `RefusedArchive` if it is larger than one may
    be.
    """
    shown = name if revision is None else f"{name}@{revision}"
    try:
        if not constants.HF_HUB_OFFLINE:
            _check_before(name, revision)
        return snapshot_download(
            name,
            revision=revision,
            allow_patterns=list(PATTERNS),
            local_files_only=constants.HF_HUB_OFFLINE,
            endpoint=constants.ENDPOINT,
        )
    except RevisionNotFoundError as error:
        raise ConfigurationError(
            f"{shown}: the model on the hub {constants.ENDPOINT} has no revision {revision!r}; "
            "allowed is a branch, a tag or a commit"
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ConfigurationError(
            f"{shown} is neither a file or folder here nor a model on the hub "
            f"{constants.ENDPOINT}; is it misspelt, or private?"
        ) from error
    except LocalEntryNotFoundError as error:
        reason = (
            "the hub may not be asked (HF_HUB_OFFLINE or local_files_only)"
            if constants.HF_HUB_OFFLINE
            else f"the hub {constants.ENDPOINT} cannot be reached"
        )
        raise ConfigurationError(
            f"{shown} is no file or folder here, {reason}, and no whole copy of it is on this "
            "machine"
        ) from error
    except HfHubHTTPError as error:
        raise ConfigurationError(f"{shown} cannot be fetched: {_one_line(error)}") from error


def _check_before(name: str, revision: Optional[str]) -> None:
    """Looks at what there is before anything is downloaded; where the hub answers."""
    try:
        info = HfApi(endpoint=constants.ENDPOINT).model_info(
            name, revision=revision, files_metadata=True, timeout=TIMEOUT
        )
    except (HfHubHTTPError, HFValidationError):
        raise
    except Exception:  # which one it is depends on the HTTP library
        return  # the copy of an earlier time may do
    files = {each.rfilename: each.size or 0 for each in info.siblings or ()}
    _check_whole(files)
    total = 0
    for count, file in enumerate(filter(belongs, files), 1):
        total += files[file]
        check_limits(count, total, file)


def _check_whole(files: Container[str], needed: Iterable[str] = NEEDED) -> None:
    missing = [file for file in needed if file not in files]
    if missing:
        raise UnsafeArchive(
            f"it has no {missing[0]}; allowed is what `allennlp export-model` makes"
        )


def publish(
    folder: str,
    name: str,
    revision: Optional[str] = None,
    private: bool = False,
    message: str = "",
) -> str:
    """
    Uploads the folder of a model, after the checks that everyone who loads it makes, in one commit
    that also removes what an older model left there.

    # Parameters

    folder : `str`
        As `export_model` makes it.
    name : `str`
        `org/name` on the hub; made if it is not there.
    revision : `str`, optional
        A branch, made if it is not there; by default the main one.
    private : `bool`, optional (default = `False`)
        Whether a model that is made is private.
    message : `str`, optional
        Of the commit.

    # Returns

    `str`
        The address of the commit.

    # Errors

    `ConfigurationError` if the folder holds no model, or the hub does not take it.
    """
    if hub_name(f"hf://{name}") != HubName(name):
        raise ConfigurationError(f"{name!r} is no name on the hub; allowed is ORG/NAME")
    if constants.HF_HUB_OFFLINE:
        raise ConfigurationError("HF_HUB_OFFLINE is set; nothing can be published with it")
    try:
        files = {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*")}
        _check_whole(files, (*NEEDED, CARD))
        check_files(folder, PARTS)
    except (RefusedArchive, UnsafeArchive) as error:
        raise ConfigurationError(f"{folder} cannot be published: {error}") from error
    api = HfApi(endpoint=constants.ENDPOINT)
    try:
        api.create_repo(name, private=private, exist_ok=True)
        if revision is not None:
            api.create_branch(name, branch=revision, exist_ok=True)
        commit = api.upload_folder(
            folder_path=folder,
            repo_id=name,
            revision=revision,
            commit_message=message or "A model of locate_label_allennlp",
            allow_patterns=list(PATTERNS),
            delete_patterns=list(PATTERNS),
        )
    except (HfHubHTTPError, HFValidationError, ValueError) as error:
        raise ConfigurationError(f"{name} cannot be published: {_one_line(error)}") from error
    except Exception as error:  # which one it is depends on the HTTP library
        raise ConfigurationError(
            f"{name} cannot be published: the hub {constants.ENDPOINT}: {_one_line(error)}"
        ) from error
    return str(commit.commit_url)


def _one_line(error: Any) -> str:
    return " ".join(str(error).split())
