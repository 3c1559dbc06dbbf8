"""A predictor from the archive of a model."""

from inspect import signature
from os import PathLike
from typing import Any, Dict, Optional, Union

from allennlp.common.checks import ConfigurationError
from allennlp.models import Model
from allennlp.models.archival import Archive, load_archive
from allennlp.predictors import Predictor

from locate_label_allennlp.predictors.nested_ner import NestedNerPredictor

NAME = "nested_ner"


def load_predictor(
    archive_file: Union[str, "PathLike[str]"],
    cuda_device: int = -1,
    overrides: Union[str, Dict[str, Any]] = "",
    arguments: Optional[Dict[str, Any]] = None,
    trust: bool = False,
) -> NestedNerPredictor:
    """
    # Parameters

    archive_file : `str`
        An archive, the folder of a training, or a URL.
    cuda_device : `int`, optional (default = `-1`)
        The number of the GPU; -1 for the CPU.
    overrides : `Union[str, Dict[str, Any]]`, optional
        What to change in the model's config; JSON, or what that is made of.
    arguments : `Dict[str, Any]`, optional
        Further arguments of `NestedNerPredictor`.
    trust : `bool`, optional (default = `False`)
        Whether the archive may build and run anything; see `locate_label_allennlp.patches.trust`.

    # Errors

    `ConfigurationError` if that is no model which finds nested entities, or names what an archive
    may not.
    """
    load: Any = load_archive  # to which `patches.archives` adds `trust`
    archive = load(archive_file, cuda_device=cuda_device, overrides=overrides, trust=trust)
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
