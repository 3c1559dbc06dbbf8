"""The subcommand `pretrain-vectors` trains static word vectors on corpora."""

import argparse

from allennlp.commands.subcommand import Subcommand
from overrides import overrides

DESCRIPTION = """\
Trains static word vectors (skip-gram, by gensim) on the words of corpora; entities are not looked
at. The file is text that the embedder `embedding` reads as its pretrained_file: give it to a config
by the environment variable VECTORS. The same corpora and options give the same file.
"""

EPILOG = """\
FORMAT is the registered name of a format, or JSON as in a config, with the arguments of the format;
without it, auto tells the format by the content of each file. docs/data.md describes all formats.
"""


@Subcommand.register("pretrain-vectors")
class PretrainVectors(Subcommand):
    """Trains static word vectors and writes them as text."""

    requires_plugins = False

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(
            self.name,
            description=DESCRIPTION,
            epilog=EPILOG,
            help="Train static word vectors on corpora.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        subparser.add_argument("corpora", nargs="+", metavar="CORPUS", help="a corpus file")
        subparser.add_argument(
            "--output", metavar="FILE", required=True, help="the file to write; .gz compresses it"
        )
        subparser.add_argument("--format", metavar="FORMAT", default="auto", help="see below")
        subparser.add_argument(
            "--method",
            choices=("word2vec", "fasttext"),
            default="word2vec",
            help="fasttext makes a word of its character n-grams, too",
        )
        for option, default, help in [
            ("--dimension", 300, "numbers a vector, embedding_dim of a config"),
            ("--window", 5, "how many words on each side a word has to do with"),
            ("--epochs", 20, "passes over the corpora"),
            ("--min-count", 1, "words that are rarer get no vector"),
            ("--seed", 13, "of the random numbers"),
        ]:
            subparser.add_argument(option, type=int, default=default, metavar="N", help=help)
        subparser.add_argument(
            "--keep-case",
            action="store_true",
            help="do not lower-case words: for indexers without lowercase_tokens",
        )
        subparser.add_argument("--force", action="store_true", help="overwrite a file that exists")
        subparser.add_argument(
            "--include-package",
            action="append",
            default=[],
            metavar="PACKAGE",
            help="a package to import, for formats of one's own",
        )
        subparser.set_defaults(func=_pretrain)
        return subparser


def _pretrain(args: argparse.Namespace) -> None:
    from locate_label_allennlp.data.corpus.files import check_free, format_from_text, read_corpus
    from locate_label_allennlp.data.corpus.word_vectors import (
        train_vectors,
        training_words,
        write_vectors,
    )

    if not args.force:
        check_free([args.output])
    format = format_from_text(args.format)
    sentences = [
        words
        for path in args.corpora
        for words in training_words(read_corpus(format, path), lowercase=not args.keep_case)
    ]
    vectors = train_vectors(
        sentences,
        args.method,
        args.dimension,
        args.window,
        args.epochs,
        args.min_count,
        args.seed,
    )
    number = write_vectors(vectors, args.output)
    num_words = sum(map(len, sentences))
    print(
        f"{args.output}: {number:,} vectors of {args.dimension} numbers from {num_words:,} words "
        f"in {len(sentences):,} sentences"
    )
