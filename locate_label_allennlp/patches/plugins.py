"""How AllenNLP finds plugins."""

from collections.abc import Iterator
from typing import Any

from locate_label_allennlp.patches.finder import PACKAGE, patches


@patches("allennlp.common.plugins")
def find_this_plugin_everywhere(module: Any) -> Iterator[None]:
    """
    AllenNLP looks for plugins in files of the working and the home directory, and for three names
    of its own wherever it runs. This package joins those, so that it is found from anywhere.
    """
    yield
    module.DEFAULT_PLUGINS += (PACKAGE,)
