"""
Locate and Label for AllenNLP: nested named entity recognition in two stages.

This module stays light, because `import torch` runs it (see `locate_label_allennlp.patches`):
AllenNLP imports the submodules, which register the components, by itself.
"""

from os import PathLike
from typing import TYPE_CHECKING, Any, Dict, Optional, Union

from locate_label_allennlp.patches import install

if TYPE_CHECKING:
    from locate_label_allennlp.predictors.entity_finder import EntityFinder

__version__ = "0.2.0"

install()


def load(
    archive_file: Union[str, "PathLike[str]"],
    cuda_device: Optional[int] = None,
    language: Optional[str] = None,
    words: Optional[str] = None,
    overrides: Optional[Dict[str, Any]] = None,
    trust: bool = False,
) -> "EntityFinder":
    """
    A trained model as a function of text:

        ner = locate_label_allennlp.load("output/quickstart/model.tar.gz")
        for entity in ner("The director of Relmere University left."):
            print(entity.type, entity.text)

    `ner.pipe(texts)` takes many texts, and is faster with them.

    # Parameters

    archive_file : `str`
        An archive, the folder of a training, or a URL.
    cuda_device : `int`, optional
        The number of the GPU; -1 for the CPU. By default the first GPU where there is one.
    language, words : `str`, optional
        How text is split; see `TextSplitter`. By default as the config of the model says.
    overrides : `Dict[str, Any]`, optional
        What to change in the model's config, such as `{"model.decoder.score_threshold": 0.7}`.
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
    return EntityFinder(archive_file, cuda_device, language, words, overrides, trust)
