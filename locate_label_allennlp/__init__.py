"""
Locate and Label for AllenNLP: nested named entity recognition in two stages.

This module stays light, because `import torch` runs it (see `locate_label_allennlp.compat`):
AllenNLP imports the submodules, which register the components, by itself.
"""

from locate_label_allennlp.compat import install

__version__ = "0.1.0"

install()
