"""
Locate and Label for AllenNLP: nested named entity recognition in two stages.

This module stays light, because `import torch` runs it (see `locate_label_allennlp.patches`):
AllenNLP imports the submodules, which register the components, by itself.
"""

from typing import TYPE_CHECKING, Any

from locate_label_allennlp.patches import install

if TYPE_CHECKING:
    from locate_label_allennlp.entity_finder import EntityFinder

__version__ = "0.1.0"

install()


def load(archive_file: str, **options: Any) -> "EntityFinder":
    """A trained model as a function of text; see `EntityFinder` for the options."""
    from locate_label_allennlp.entity_finder import EntityFinder

    return EntityFinder(archive_file, **options)
