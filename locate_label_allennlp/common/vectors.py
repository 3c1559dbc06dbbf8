"""
Word vectors whose size is not that of the config are refused in one line, once this plugin is
loaded. AllenNLP warns of every such line of the file with all its numbers, and then says only that
no vector fits.
"""

import os
from itertools import islice
from typing import Any

from allennlp.common.checks import ConfigurationError
from allennlp.modules.token_embedders import embedding

# A word with blanks in it seems to have more numbers; not all of the first words are such.
_LOOKED_AT = 20

_read_embeddings_from_text_file = embedding._read_embeddings_from_text_file


def read_embeddings_from_text_file(
    file_uri: str, embedding_dim: int, *arguments: Any, **options: Any
) -> Any:
    """AllenNLP's reader of vectors, after a look at the size of the first of them."""
    try:
        with embedding.EmbeddingsTextFile(file_uri) as lines:
            sizes = {len(line.rstrip().split(" ")) - 1 for line in islice(lines, _LOOKED_AT)}
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"word vectors {file_uri!r} (VECTORS, pretrained_file) are not there (looked from the "
            f"folder {os.getcwd()}); allowed is a file, a URL, or none"
        ) from error
    except OSError as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(
            f"word vectors {file_uri!r} (VECTORS, pretrained_file) cannot be read or fetched: "
            f"{reason:.200}; allowed is a file, a URL, or none"
        ) from error
    if sizes and embedding_dim not in sizes:
        raise ConfigurationError(
            f"{file_uri}: the word vectors have {min(sizes)} numbers, but the embedding_dim of the "
            f"config (WORD_DIM) is {embedding_dim}"
        )
    return _read_embeddings_from_text_file(file_uri, embedding_dim, *arguments, **options)


embedding._read_embeddings_from_text_file = read_embeddings_from_text_file
