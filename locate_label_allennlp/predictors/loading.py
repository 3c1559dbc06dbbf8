"""A predictor from the archive of a model."""

from inspect import signature
from os import PathLike
from typing import Any, Dict, Optional, Union

from allennlp.common.checks import ConfigurationError
from allennlp.common.file_utils import CACHE_DIRECTORY
from allennlp.models import Model
from allennlp.models.archival import Archive, load_archive
from allennlp.predictors import Predictor
from cached_path import find_latest_cached

from locate_label_allennlp.common.encoders import without_hub
from locate_label_allennlp.patches.archives import fetched, is_address
from locate_label_allennlp.predictors.nested_ner import NestedNerPredictor

NAME = "nested_ner"


def load_model(
    archive_file: Union[str, "PathLike[str]"],
    cuda_device: int = -1,
    overrides: Union[str, Dict[str, Any]] = "",
    trust: bool = False,
    local_files_only: bool = False,
) -> Archive:
    """
    # Parameters

    archive_file : `str`
        An archive, the folder of a training or of a model, a model on the hub, or a URL.
    cuda_device : `int`, optional (default = `-1`)
        The number of the GPU; -1 for the CPU.
    overrides : `Union[str, Dict[str, Any]]`, optional
        What to change in the model's config; JSON, or what that is made of.
    trust : `bool`, optional (default = `False`)
        Whether the archive may build and run anything; see `locate_label_allennlp.patches.trust`.
    local_files_only : `bool`, optional (default = `False`)
        Whether nothing is asked of the network: of a URL, or a model of the hub, the copy that an
        earlier call left here is taken.

    # Errors

    `ConfigurationError` if that cannot be loaded, or names what an archive may not.
    """
    if local_files_only:
        archive_file = local_path(archive_file)
    load: Any = load_archive  # to which `patches.archives` adds `trust`
    with without_hub(local_files_only):
        return load(archive_file, cuda_device=cuda_device, overrides=overrides, trust=trust)


def local_path(archive_file: Union[str, "PathLike[str]"]) -> str:
    """
    Where it lies on this machine: of a URL, and of a model of the hub, the copy that loading it has
    left.

    # Errors

    `ConfigurationError` if there is no such copy.
    """
    with without_hub(True):
        path = str(fetched(archive_file))
    if not is_address(path):
        return path
    copy = find_latest_cached(path, CACHE_DIRECTORY)
    if copy is None:
        raise ConfigurationError(
            f"{path} is not on this machine; allowed with local_files_only is a file, a folder, or "
            "what was loaded before"
        )
    return str(copy)


def load_predictor(
    archive_file: Union[str, "PathLike[str]"],
    cuda_device: int = -1,
    overrides: Union[str, Dict[str, Any]] = "",
    arguments: Optional[Dict[str, Any]] = None,
) -> NestedNerPredictor:
    """`arguments` are further ones of `NestedNerPredictor`; see `load_model` for the others."""
    archive = load_model(archive_file, cuda_device, overrides)
    return predictor_from(archive, str(archive_file), arguments)


def predictor_from(
    archive: Archive,
    archive_file: str,
    arguments: Optional[Dict[str, Any]] = None,
    dataset_reader: str = "validation",
) -> NestedNerPredictor:
    """`dataset_reader` is which of the archive's: `"train"` or `"validation"`."""
    if not finds_nested_entities(archive):
        kinds = {name: Model.resolve_class_name(name)[0] for name in Model.list_available()}
        models = sorted(name for name, kind in kinds.items() if kind.default_predictor == NAME)
        kind = archive.config["model"].get("type")
        raise ConfigurationError(
            f"{archive_file}: the model is {kind!r}; allowed are {', '.join(models)}"
        )
    arguments = arguments or {}
    allowed = [
        name
        for name in signature(NestedNerPredictor).parameters
        if name not in ("model", "dataset_reader", "frozen")
    ]
    unknown = sorted(arguments.keys() - set(allowed))
    if unknown:
        raise ConfigurationError(
            f"the predictor takes no {', '.join(unknown)}; allowed are {', '.join(allowed)}"
        )
    predictor: Any = Predictor.from_archive(
        archive, NAME, dataset_reader_to_load=dataset_reader, extra_args=arguments
    )
    return predictor


def finds_nested_entities(archive: Archive) -> bool:
    """Whether it holds one of the models of this package."""
    return archive.model.default_predictor == NAME
