"""Static word vectors of the words of corpora, as the text that AllenNLP reads."""

import logging
from typing import Any, Dict, Iterable, List

from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.document import Document
from locate_label_allennlp.data.formats.corpus_files import atomic_file

logger = logging.getLogger(__name__)

METHODS = ("word2vec", "fasttext")

# What the text form cannot hold: blanks end a word, and line ends its line. White space of other
# kinds (no-break, ideographic) is part of the word, as AllenNLP has it.
_SEPARATORS = frozenset(" \n\r")

# gensim's two million n-gram vectors of fastText are 2.4 GB at dimension 300; corpora for NER have
# far fewer n-grams.
_NGRAM_VECTORS = 200_000


def training_words(documents: Iterable[Document], lowercase: bool) -> List[List[str]]:
    """The words of each sentence, as the indexer `single_id` with `lowercase_tokens` has them."""
    return [
        [word.lower() if lowercase else word for word in sentence.words]
        for document in documents
        for sentence in document.sentences
    ]


def train_vectors(
    sentences: List[List[str]],
    method: str = "word2vec",
    dimension: int = 300,
    window: int = 5,
    epochs: int = 20,
    min_count: int = 1,
    seed: int = 13,
) -> Dict[str, Any]:
    """
    Skip-gram with negative sampling, by gensim in one thread: the same words and settings give the
    same vectors.

    # Parameters

    sentences : `List[List[str]]`
    method : `str`, optional (default = `"word2vec"`)
        Or `"fasttext"`: words are made of their character n-grams, too.
    dimension : `int`, optional (default = `300`)
    window : `int`, optional (default = `5`)
        How many words on each side a word has to do with.
    epochs : `int`, optional (default = `20`)
    min_count : `int`, optional (default = `1`)
        Words that are rarer get no vector.
    seed : `int`, optional (default = `13`)

    # Returns

    `Dict[str, numpy.ndarray]`
        A vector a word, the most frequent word first.

    # Errors

    `ConfigurationError` for a setting that is not allowed, if gensim is not installed, or if no
    word is left.
    """
    for name, number in [
        ("dimension", dimension),
        ("window", window),
        ("epochs", epochs),
        ("min_count", min_count),
    ]:
        if number < 1:
            raise ConfigurationError(f"{name} is {number}; allowed is >= 1")
    if not 0 <= seed < 2**32:
        raise ConfigurationError(f"seed is {seed}; allowed is 0 to {2**32 - 1}")
    if method not in METHODS:
        raise ConfigurationError(f"method is {method!r}; allowed are {METHODS}")
    try:
        from gensim.models import FastText, Word2Vec
    except ImportError as error:
        raise ConfigurationError(
            "training vectors needs gensim, which is not installed: run 'pip install gensim'"
        ) from error
    settings = {
        "vector_size": dimension,
        "window": window,
        "epochs": epochs,
        "min_count": min_count,
        "seed": seed,
        "sg": 1,
        "workers": 1,
    }
    model = (
        Word2Vec(**settings)
        if method == "word2vec"
        else FastText(**settings, bucket=_NGRAM_VECTORS)
    )
    model.build_vocab(sentences)
    if not len(model.wv):
        raise ConfigurationError(f"no word occurs {min_count} times (min_count)")
    model.train(sentences, total_examples=model.corpus_count, epochs=epochs)
    return {word: model.wv[word] for word in model.wv.index_to_key}


def write_vectors(vectors: Dict[str, Any], path: str) -> int:
    """
    Writes a line with the number of vectors and their size, then a line a word. The file takes its
    place once it is whole, and is compressed if `path` ends in `.gz`. Returns how many words are in
    it: those that hold a blank or a line end are left out and counted in a warning.
    """
    writable = {word: row for word, row in vectors.items() if not _SEPARATORS.intersection(word)}
    left_out = len(vectors) - len(writable)
    if left_out:
        logger.warning("%s: %d words left out that hold a blank or a line end", path, left_out)
    if not writable:
        raise ConfigurationError(f"{path}: no word is left to write a vector of")
    dimension = len(next(iter(writable.values())))
    with atomic_file(path) as target:
        target.write(f"{len(writable)} {dimension}\n".encode())
        for word, row in writable.items():
            numbers = " ".join(f"{number:.6g}" for number in row.tolist())
            target.write(f"{word} {numbers}\n".encode())
    return len(writable)
