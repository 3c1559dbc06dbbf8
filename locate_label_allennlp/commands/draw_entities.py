"""The subcommand `draw-entities` shows what a model finds, drawn in the terminal or as a page."""

import argparse
import shutil
from typing import TYPE_CHECKING, Any, Iterator, List, Sequence, Tuple

from allennlp.commands.subcommand import Subcommand
from overrides import overrides

from locate_label_allennlp.commands.predict import add_input_options
from locate_label_allennlp.common.drawing import Mark, draw_entities
from locate_label_allennlp.common.printable import printable
from locate_label_allennlp.common.standard_output import quiet_when_closed
from locate_label_allennlp.data.text_splitter import WORDS

if TYPE_CHECKING:
    from locate_label_allennlp.data.document import Sentence
    from locate_label_allennlp.data.formats.corpus_files import CorpusFile
    from locate_label_allennlp.predictors import NestedNerPredictor

Drawn = Tuple["Sentence", List[Mark]]


@Subcommand.register("draw-entities")
class DrawEntities(Subcommand):
    """Prints every sentence of a text with its nested entities drawn below the words."""

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        description = "Draw the nested entities that a model finds in texts."
        subparser = parser.add_parser(self.name, description=description, help=description)
        subparser.add_argument(
            "archive_file", help="the model: an archive, a folder or a name on the hub"
        )
        subparser.add_argument(
            "input_file", help="raw text or JSON lines, as `allennlp predict` takes; - for stdin"
        )
        add_input_options(subparser)
        subparser.add_argument("--cuda-device", type=int, default=-1, help="the GPU; -1: CPU")
        subparser.add_argument(
            "--language", help="by whose rules text is split: spaCy's code (default: the model's)"
        )
        subparser.add_argument("--words", choices=WORDS, help="how (default: as the model's)")
        subparser.add_argument(
            "--width", type=int, help="columns to draw in (default: the terminal's)"
        )
        subparser.add_argument(
            "--html", metavar="FILE", help="write a page, which needs no network, instead"
        )
        subparser.add_argument(
            "-o", "--overrides", default="", help="JSON that overrides parts of the model's config"
        )
        subparser.set_defaults(func=_draw)
        return subparser


def _draw(args: argparse.Namespace) -> None:
    # The model's libraries take seconds to import; `allennlp --help` need not wait for them.
    from locate_label_allennlp.common.entity_page import entity_page
    from locate_label_allennlp.data.formats.corpus_files import atomic_file
    from locate_label_allennlp.predictors.inputs import input_files
    from locate_label_allennlp.predictors.loading import load_predictor

    files = input_files(args.input_file)
    arguments = {"language": args.language, "words": args.words}
    predictor = load_predictor(args.archive_file, args.cuda_device, args.overrides, arguments)
    drawn = _sentences(predictor, files, args.whole_files, has_bar=args.html is not None)
    if args.html is not None:
        with atomic_file(args.html) as target:
            pairs = ((sentence.words, marks) for sentence, marks in drawn)
            target.write(entity_page(pairs, title=args.input_file).encode())
        return
    width = args.width or shutil.get_terminal_size((100, 24)).columns
    with quiet_when_closed() as write:
        for sentence, marks in drawn:
            words = [printable(word, keep="") for word in sentence.words]
            write(draw_entities(words, marks, width) + "\n\n")


def _sentences(
    predictor: "NestedNerPredictor",
    files: "Sequence[CorpusFile]",
    whole_files: Any,
    has_bar: bool,
) -> Iterator[Drawn]:
    """
    Each sentence with its entities, whose scores stand in hundredths beside the types. In a
    terminal a bar counts the inputs, if asked for.
    """
    from locate_label_allennlp.common.progress import progress_bar, shows_progress
    from locate_label_allennlp.predictors.inputs import count_inputs, read_inputs

    has_bar = has_bar and shows_progress()
    total = count_inputs(files, whole_files) if has_bar else None
    inputs = read_inputs(predictor, files, whole_files)
    for _, document in progress_bar(
        inputs, desc="predicting", unit="inputs", total=total, silent=not has_bar
    ):
        (entities,) = predictor.entities([document])
        for number, sentence in enumerate(document.sentences):
            marks = [
                Mark(
                    entity["start"],
                    entity["end"],
                    printable(entity["type"], keep=""),
                    f"{entity['score']:.2f}",
                )
                for entity in entities
                if entity["sentence"] == number
            ]
            yield sentence, marks
