"""How AllenNLP finds plugins."""

import pkgutil
from collections.abc import Iterator
from types import SimpleNamespace
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


@patches("allennlp.common.util")
def import_nothing_of_the_working_directory(module: Any) -> Iterator[None]:
    """
    AllenNLP walks through the modules of a plugin, and of itself, by `pkgutil.walk_packages`, which
    imports each package under its bare name: `data`, `models` or `report` of the working directory
    instead of that of the plugin. It goes down by itself, so that the modules that lie side by side
    are all it needs.
    """
    yield
    module.pkgutil = SimpleNamespace(walk_packages=pkgutil.iter_modules)
