"""The subcommand `pre-annotate` gives annotators texts in which a model has marked entities."""

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List

from allennlp.commands.subcommand import Subcommand
from overrides import overrides

from locate_label_allennlp.commands.predict import BATCH_SIZE_HELP, add_input_options, check_output
from locate_label_allennlp.common.printable import printable
from locate_label_allennlp.data.text_splitter import WORDS

if TYPE_CHECKING:
    from locate_label_allennlp.data.document import Document
    from locate_label_allennlp.predictors.pre_annotation import PreAnnotated

TOOLS = ("label_studio", "brat", "doccano", "prodigy")

DESCRIPTION = """\
Marks the entities that a model finds in texts, for annotators to correct, in the format of their
tool: Label Studio (a JSON list of tasks with predictions and scores), doccano and Prodigy (JSON
lines) or brat (a folder). The output is written whole or not at all. docs/annotate.md goes from raw
texts to a corrected corpus.

With --least-certain-first the texts come in the order of their margins: the smallest distance, over
all spans that the model looked at, between the probability of a span's type and the threshold of
that type. It is small where an entity was only just found, or only just not. In a folder of brat,
which is shown by name, the names then begin with the rank.
"""


@Subcommand.register("pre-annotate")
class PreAnnotate(Subcommand):
    """Writes texts with the entities that a model finds, as annotation tools read them."""

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(
            self.name,
            description=DESCRIPTION,
            help="Mark entities in texts for an annotation tool.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        subparser.add_argument(
            "archive_file", help="the model: an archive, a folder or a name on the hub"
        )
        subparser.add_argument(
            "input_file", help="raw text or JSON lines, as `allennlp predict` takes; - for stdin"
        )
        subparser.add_argument("--to", choices=TOOLS, required=True, help="whose format to write")
        subparser.add_argument(
            "--output",
            metavar="PATH",
            required=True,
            help="the file to write; for brat a folder, new or empty",
        )
        subparser.add_argument(
            "--least-certain-first", action="store_true", help="order the texts by their margins"
        )
        add_input_options(subparser)
        subparser.add_argument("--force", action="store_true", help="overwrite a file that exists")
        subparser.add_argument("--cuda-device", type=int, default=-1, help="the GPU; -1: CPU")
        subparser.add_argument("--batch-size", type=int, help=BATCH_SIZE_HELP)
        subparser.add_argument(
            "--language", help="by whose rules text is split: spaCy's code (default: the model's)"
        )
        subparser.add_argument("--words", choices=WORDS, help="how (default: as the model's)")
        subparser.add_argument(
            "-o", "--overrides", default="", help="JSON that overrides parts of the model's config"
        )
        subparser.set_defaults(func=_pre_annotate)
        return subparser


def _pre_annotate(args: argparse.Namespace) -> None:
    # The model's libraries take seconds to import; `allennlp --help` need not wait for them.
    from allennlp.common.checks import ConfigurationError

    from locate_label_allennlp.common.progress import progress_bar, shows_progress
    from locate_label_allennlp.data.corpus.files import check_free
    from locate_label_allennlp.data.document import CorpusError
    from locate_label_allennlp.data.formats import BratFormat, CorpusFormat, LabelStudioFormat
    from locate_label_allennlp.predictors.inputs import count_inputs, input_files, read_inputs
    from locate_label_allennlp.predictors.loading import load_predictor
    from locate_label_allennlp.predictors.pre_annotation import pre_annotated

    if args.batch_size is not None and args.batch_size < 1:
        raise ConfigurationError(f"--batch-size is {args.batch_size}; allowed is >= 1")
    files = input_files(args.input_file)
    format: CorpusFormat
    if args.to == "brat":
        format = BratFormat()
        format.check_target(args.output)
    else:
        format = LabelStudioFormat(results="predictions")
        if args.to != "label_studio":
            format = CorpusFormat.by_name(args.to)()
        check_output(args.output, [file.name for file in files])
        if not args.force:
            check_free([args.output])
    arguments = {"language": args.language, "words": args.words}
    predictor = load_predictor(args.archive_file, args.cuda_device, args.overrides, arguments)
    total = count_inputs(files, args.whole_files) if shows_progress() else None
    counts = {"documents": 0, "entities": 0, "wordless": 0}

    def documents() -> "Iterator[Document]":
        inputs = read_inputs(predictor, files, args.whole_files)
        with progress_bar(inputs, desc="marking", unit="inputs", total=total) as bar:
            marked: Iterable[PreAnnotated] = pre_annotated(predictor, bar, args.batch_size)
            if args.least_certain_first:
                marked = _by_rank(marked, named=args.to == "brat")
            for document, _ in marked:
                if not document.sentences:
                    counts["wordless"] += 1
                    continue
                counts["documents"] += 1
                counts["entities"] += sum(len(each.entities) for each in document.sentences)
                yield document
        if not counts["documents"]:
            raise CorpusError("has no text with words", args.input_file)

    format.write(documents(), args.output)
    if counts["wordless"]:
        print(f"{counts['wordless']:,} texts without words, left out", file=sys.stderr)
    marked = f"{counts['documents']:,} documents, {counts['entities']:,} entities"
    print(printable(f"{args.output}: {marked}", keep=""))


def _by_rank(marked: "Iterable[PreAnnotated]", named: bool) -> "List[PreAnnotated]":
    """The smallest margin first; those that are equal as they came."""
    ranked: List[Any] = sorted(marked, key=lambda each: each.margin)
    if not named:
        return ranked
    width = len(str(len(ranked)))
    for rank, (document, margin) in enumerate(ranked):
        name = f"{rank + 1:0{width}}"
        if document.doc_id is not None:
            name += "-" + document.doc_id.replace("/", "-")
        ranked[rank] = (replace(document, doc_id=name), margin)
    return ranked
