"""
Locate and Label for AllenNLP: nested named entity recognition in two stages.

This module stays light, because `import torch` runs it (see `locate_label_allennlp.patches`):
AllenNLP imports the submodules, which register the components, by itself.
"""

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Dict, Optional, Union

from locate_label_allennlp.patches import install

if TYPE_CHECKING:
    from locate_label_allennlp.common.devices import Device
    from locate_label_allennlp.predictors.entity_finder import EntityFinder

__version__ = "0.2.0"

install()


def load(
    model: Union[str, "PathLike[str]"],
    device: "Device" = None,
    *,
    precision: Optional[str] = None,
    threshold: Union[float, Mapping[str, float], None] = None,
    overlap: str = "nested",
    language: Optional[str] = None,
    words: Optional[str] = None,
    overrides: Optional[Dict[str, Any]] = None,
    local_files_only: bool = False,
    trust: bool = False,
) -> "EntityFinder":
    """
    A trained model as a function of text:

        ner = locate_label_allennlp.load("output/quickstart/model.tar.gz")
        for entity in ner("The director of Relmere University left."):
            print(entity.type, entity.text)

    `ner.pipe(texts)` takes many texts, and is faster with them; `ner.tokens(words)` takes a
    sentence of words, and `ner.candidates(text)` tells what fell below the threshold, too.

    # Parameters

    model : `str`
        An archive, the folder of a training or of a model (`allennlp export-model`), the name of a
        model on the hub (`org/name` or `org/name@revision`), or a URL.
    device : `str`, optional
        `"cpu"`, `"cuda"`, `"cuda:1"`, or the number of a GPU. By default the first GPU where there
        is one.
    precision : `str`, optional
        `"fp32"`, `"bf16"`, `"fp16"` or `"auto"`; by default as the config of the model says.
    threshold : `Union[float, Mapping[str, float]]`, optional
        The score that an entity must be above: one for all types, or `{type: number}` for some, the
        others keep theirs. By default that of the model.
    overlap : `str`, optional (default = `"nested"`)
        What of entities that share words is kept: `"nested"`, all of them; `"flat"`, the set with
        the largest sum of scores; `"outermost"` or `"innermost"`, the longest or the shortest.
    language, words : `str`, optional
        How text is split; see `TextSplitter`. By default as the config of the model says.
    overrides : `Dict[str, Any]`, optional
        What else to change in the model's config, such as `{"model.window_overlap": 200}`.
    local_files_only : `bool`, optional (default = `False`)
        Whether nothing is asked of the network; see `load_model`.
    trust : `bool`, optional (default = `False`)
        Whether the archive may build and run anything, as a program can. Without it only components
        of this package and harmless ones of AllenNLP are built.

    # Returns

    `EntityFinder`
        Called with a text, it gives a list of `FoundEntity`.
    """
    from allennlp.common.util import import_module_and_submodules

    from locate_label_allennlp.predictors.entity_finder import EntityFinder

    # An archive names its components, which are known once they are imported.
    for package in ("data", "models", "modules", "decoders", "training"):
        import_module_and_submodules(f"{__name__}.{package}")
    return EntityFinder(
        model,
        device,
        precision,
        threshold,
        overlap,
        language,
        words,
        overrides,
        local_files_only,
        trust,
    )
