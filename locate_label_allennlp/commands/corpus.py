"""The subcommand `corpus` fetches, checks, counts, converts and splits corpora."""

import argparse
import json
import sys
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any, Callable, Iterator

from allennlp.commands.subcommand import Subcommand
from overrides import overrides

from locate_label_allennlp.common.printable import printable
from locate_label_allennlp.common.standard_output import quiet_when_closed

if TYPE_CHECKING:
    from locate_label_allennlp.data.document import Document

FORMATS = """\
FORMAT is the registered name of a format, or JSON as in a config, with the arguments of the format:
  --format columns
  --format '{"type": "columns", "pos_column": 1}'
Without it, auto tells the format by the content of the file. FILE may also be a folder, a pattern,
an archive or a member of one (archive.zip!train.tsv), and be compressed (.gz). docs/data.md
describes all formats.
"""

VALIDATE = """\
Prints every problem of corpus files, a line each: FILE:LINE: error: REASON, or note: where the file
need not be mended. Files are never changed.

Errors are lines that are not of the format, words that are empty, entities that lie outside their
sentence or are given twice, types on no list, and files without sentences. Notes are entities that
cross, sentences without words, labels that are mended when they are read, documents that are taken
up again after others, how many sentences or texts say nothing of entities, types that are seen once
in all files, and types that differ by case or by one letter, one of them rare. The exit status is 1
if there is any error, and 0 if not.
"""

STATS = """\
Counts what is in corpora: documents, sentences, tokens and entities; entities by type, by length in
words and by depth of nesting; nested entities; spans that cross or have several types; the longest
sentence and the longest entity, with their places. A column a file and one for all; with more than
five files only the latter. The same (start, end, type) counts once a sentence. Nested is what lies
inside another entity or contains one, also one with the same words. Nesting is counted among
contiguous entities; the length of a discontinuous one is that of its fragments.
"""

CONVERT = """\
Reads a corpus in one format and writes it in another. The new file takes its place only once it is
whole. What was mended in reading is counted and logged. See docs/data.md for what a format cannot
hold: columns, for example, have no place for the names of documents.
"""

SPLIT = """\
Divides a corpus into parts by documents, and writes DIR/PART.jsonl for each. A document is never
divided: all sentences with the same doc_id go to the same part, wherever they stand, and a document
without one goes as a whole. The same file, shares and seed always give the same parts.

Prints how many documents, sentences and entities each part has, its share of the sentences, and a
fingerprint: the hash of its sentences in order, to tell whether others have the same split.
"""

COMPARE = """\
Compares two annotations of the same texts: of two annotators, or gold in A and what a model found
in B. Prints how many entities A, B and both have, precision, recall and F1 of B, over all, for each
type and for boundaries without types; then every sentence that differs, with its place in A and B:

  a.jsonl:3 | b.jsonl:7: The mayor of Old Tarn slept .
    - PLACE 'Old Tarn'        only A has it
    + ORG 'Old Tarn'          only B has it

Entities are the same if their type is, and the characters that they cover; words, sentences and the
order of the documents may differ. A text that one of them lacks is an error that names it.
"""


FETCH = """\
Fetches a public corpus from where it is published, at a fixed commit, into the folder in which the
configs of training_config/ look for it, and prints its licence and whom to cite; SOURCE.md keeps
both beside the files. Each file is checked by its sum (SHA-256). What is there already is not
fetched again, and a download that was broken off goes on.
"""


@Subcommand.register("corpus")
class Corpus(Subcommand):
    """The commands `corpus fetch`, `validate`, `stats`, `convert`, `split` and `compare`."""

    requires_plugins = False

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        description = "Fetch, check, count, convert, split and compare corpora."
        subparser = parser.add_parser(self.name, description=description, help=description)
        commands = subparser.add_subparsers(title="Commands", metavar="COMMAND", required=True)

        fetch = _command(commands, "fetch", FETCH, "Fetch a public one.", _fetch, epilog="")
        fetch.add_argument("name", metavar="NAME", help="litbank, for example; list for all names")
        fetch.add_argument("--output", metavar="DIR", help="another folder to put it into")
        fetch.add_argument(
            "--mirror",
            metavar="URL",
            default="",
            help="fetch from URL/HOST/PATH instead of https://HOST/PATH",
        )

        validate = _command(commands, "validate", VALIDATE, "Print every problem.", _validate)
        validate.add_argument("files", nargs="+", metavar="FILE", help="a corpus file")
        _add_format(validate, "--format")
        validate.add_argument(
            "--types", metavar="A,B", help="the types that entities may have; by default any"
        )

        stats = _command(commands, "stats", STATS, "Count entities, nesting, lengths.", _stats)
        stats.add_argument("files", nargs="+", metavar="FILE", help="a corpus file")
        _add_format(stats, "--format")
        stats.add_argument(
            "--json",
            metavar="OUT",
            help="also write the counts of each file, and of all, as JSON; - for stdout, alone",
        )
        stats.add_argument(
            "--length-buckets",
            metavar="A,B",
            default="1,5,10",
            help="the shortest lengths of the buckets",
        )

        convert = _command(commands, "convert", CONVERT, "Write another format.", _convert)
        convert.add_argument("source", metavar="FROM", help="a corpus file")
        convert.add_argument("target", metavar="TO", help="the file to write")
        _add_format(convert, "--from-format")
        _add_format(convert, "--to-format", help="see below; auto goes by the ending of TO")
        _add_force(convert)

        split = _command(commands, "split", SPLIT, "Divide by documents.", _split)
        split.add_argument("file", metavar="FILE", help="a corpus file")
        split.add_argument(
            "--parts",
            metavar="A=X,B=Y",
            default="train=0.8,dev=0.1,test=0.1",
            help="names of the parts, and their shares of the sentences, which sum to 1",
        )
        split.add_argument("--output", metavar="DIR", required=True, help="the folder to write to")
        split.add_argument("--seed", type=int, default=13, help="by what the documents are drawn")
        _add_format(split, "--format")
        _add_force(split)

        compare = _command(commands, "compare", COMPARE, "Tell two annotations apart.", _compare)
        compare.add_argument("first", metavar="A", help="a corpus file, whose entities are gold")
        compare.add_argument("second", metavar="B", help="one of the same texts")
        _add_format(compare, "--a-format")
        _add_format(compare, "--b-format")
        compare.add_argument(
            "--differences",
            type=int,
            metavar="N",
            default=100,
            help="how many sentences that differ to print",
        )
        compare.add_argument(
            "--json", metavar="OUT", help="also write scores and all differences as JSON"
        )
        return subparser


def _command(
    commands: Any,
    name: str,
    description: str,
    help: str,
    run: Callable[[Any], int],
    epilog: str = FORMATS,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=help,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--include-package",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="a package to import, for formats of one's own",
    )

    def func(args: argparse.Namespace) -> None:
        with _one_line_errors(parser.prog):
            status = run(args)
        if status:
            sys.exit(status)

    parser.set_defaults(func=func)
    return parser


def _add_format(parser: argparse.ArgumentParser, option: str, help: str = "see below") -> None:
    parser.add_argument(option, metavar="FORMAT", default="auto", help=help)


def _add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="overwrite files that exist")


@contextmanager
def _one_line_errors(name: str) -> Iterator[None]:
    from allennlp.common.checks import ConfigurationError

    from locate_label_allennlp.data.document import CorpusError

    try:
        with quiet_when_closed():
            yield
            sys.stdout.flush()
    except (CorpusError, ConfigurationError, OSError) as error:
        message = " ".join(str(error).split())
        print(f"{name}: error: {printable(message)}", file=sys.stderr)
        sys.exit(1)


def _fetch(args: argparse.Namespace) -> int:
    from pathlib import Path

    from allennlp.common.checks import ConfigurationError

    from locate_label_allennlp.data.corpus.fetching import fetch, public_corpora

    corpora = public_corpora()
    if args.name == "list":
        for name, corpus in corpora.items():
            print(f"{name:10} {corpus.title}")
        return 0
    if args.name not in corpora:
        raise ConfigurationError(f"no corpus {args.name!r}; allowed are {', '.join(corpora)}")
    corpus = corpora[args.name]
    folder = Path(args.output or corpus.folder)
    paths = fetch(corpus, folder, args.mirror)
    print(f"{corpus.title}\n\n{_counted(len(paths), 'file')} in {folder}")
    print(f"Licence: {corpus.licence}\nCite: {corpus.cite}\n")
    print("\n".join(corpus.next))
    if folder.resolve() != Path(corpus.folder).resolve():
        print(f"The configs look for it in {corpus.folder}, unless TRAIN, DEV and TEST are set.")
    return 0


def _validate(args: argparse.Namespace) -> int:
    from locate_label_allennlp.data.corpus.files import format_from_text
    from locate_label_allennlp.data.corpus.validation import Validation

    types = None if args.types is None else {each.strip() for each in args.types.split(",")}
    validation = Validation(format_from_text(args.format), types)
    errors = notes = 0
    for problem in chain(
        chain.from_iterable(map(validation.problems, args.files)), validation.type_problems()
    ):
        print(printable(str(problem), keep=""))
        errors += problem.is_error
        notes += not problem.is_error
    read = validation.statistics
    print(
        f"{_counted(errors, 'error')}, {_counted(notes, 'note')} in "
        f"{_counted(len(args.files), 'file')}: {_counted(read.sentences, 'sentence')}, "
        f"{_counted(read.tokens, 'token')}, {read.entities:,} entities read"
    )
    return 1 if errors else 0


def _stats(args: argparse.Namespace) -> int:
    from locate_label_allennlp.common.length_buckets import LengthBuckets
    from locate_label_allennlp.data.corpus.files import column_names, format_from_text, read_corpus
    from locate_label_allennlp.data.corpus.statistics import corpus_statistics, merged
    from locate_label_allennlp.data.corpus.statistics_table import statistics_table
    from locate_label_allennlp.data.formats.corpus_files import atomic_file

    format = format_from_text(args.format)
    buckets = LengthBuckets.from_text(args.length_buckets)
    names = column_names(list(dict.fromkeys(args.files)))
    counted = {path: corpus_statistics(read_corpus(format, path)) for path in names}
    if args.json:
        content = {
            "files": {path: statistics.as_json(buckets) for path, statistics in counted.items()},
            "all": merged(counted.values()).as_json(buckets),
        }
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        if args.json == "-":
            print(text, end="")
            return 0
        with atomic_file(args.json) as target:
            target.write(text.encode())
    table = statistics_table({names[path]: each for path, each in counted.items()}, buckets)
    print(printable(table))
    return 0


def _convert(args: argparse.Namespace) -> int:
    from locate_label_allennlp.data.corpus.files import check_free, format_from_text, read_corpus
    from locate_label_allennlp.data.corpus.statistics import CorpusStatistics

    source, target = format_from_text(args.from_format), format_from_text(args.to_format)
    if not args.force:
        check_free([args.target])
    converted = CorpusStatistics()

    def documents() -> "Iterator[Document]":
        for document in read_corpus(source, args.source):
            converted.add(document)
            yield document

    target.write(documents(), args.target)
    print(
        f"{args.target}: {_counted(converted.documents, 'document')}, "
        f"{_counted(converted.sentences, 'sentence')}, {converted.entities:,} entities"
    )
    return 0


def _split(args: argparse.Namespace) -> int:
    from locate_label_allennlp.data.corpus import files, splitting

    shares = splitting.parsed_parts(args.parts)
    files.check_folder(args.output)
    if not args.force:
        files.check_free(files.part_path(args.output, part) for part in shares)
    documents = files.read_corpus(files.format_from_text(args.format), args.file)
    parts = splitting.split_documents(documents, shares, args.seed)
    files.write_parts(parts, args.output)
    named = {files.part_path(args.output, part): parts[part] for part in parts}
    print(splitting.parts_table(named))
    return 0


def _compare(args: argparse.Namespace) -> int:
    from allennlp.common.checks import ConfigurationError

    from locate_label_allennlp.data.corpus.comparison import compare
    from locate_label_allennlp.data.corpus.files import format_from_text, read_corpus
    from locate_label_allennlp.data.formats.corpus_files import atomic_file

    if args.differences < 0:
        raise ConfigurationError(f"--differences is {args.differences}; allowed is >= 0")
    formats = format_from_text(args.a_format), format_from_text(args.b_format)
    paths = args.first, args.second
    first, second = (read_corpus(*pair) for pair in zip(formats, paths, strict=True))
    comparison = compare(first, second, *paths)
    if args.json:
        content = {"a": args.first, "b": args.second, **comparison.as_json()}
        with atomic_file(args.json) as target:
            target.write((json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())
    print(printable(comparison.table()))
    number = len(comparison.differences)
    print(f"\n{_counted(number, 'sentence')} with differences")
    for difference in comparison.differences[: args.differences]:
        for line in difference.lines():
            print(printable(line, keep=""))
    if number > args.differences:
        print(f"... and {number - args.differences:,} more; --differences {number} prints all")
    return 0


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
