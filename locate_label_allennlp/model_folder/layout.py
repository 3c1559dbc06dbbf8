"""What lies where in the folder of a model."""

from fnmatch import fnmatchcase

from locate_label_allennlp.common.weights import SAFE_WEIGHTS

CARD, CONFIG, META = "README.md", "config.json", "meta.json"
VOCABULARY, ENCODER = "vocabulary", "encoder"

PARTS = (CARD, CONFIG, META, SAFE_WEIGHTS, VOCABULARY, ENCODER)
"""All that is written and read; of the folders among them, files of text."""

NEEDED = (CONFIG, SAFE_WEIGHTS, f"{VOCABULARY}/non_padded_namespaces.txt")
"""Without which it is no folder of a model."""

PATTERNS = (
    *(CARD, CONFIG, META, SAFE_WEIGHTS, f"{VOCABULARY}/*.txt"),
    # Of an encoder its configuration and its tokenizer, which some keep as a sentencepiece model.
    *(f"{ENCODER}/*.json", f"{ENCODER}/*.txt", f"{ENCODER}/*.model"),
)
"""Its files, as the model hub matches them: `*` is any part of a path."""


def belongs(name: str) -> bool:
    """Whether a file of this name, below the folder, is part of a model."""
    return any(fnmatchcase(name, pattern) for pattern in PATTERNS)
