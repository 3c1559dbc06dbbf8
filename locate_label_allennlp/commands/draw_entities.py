"""The subcommand `draw-entities` shows what a model finds in raw text, drawn in the terminal."""

import argparse
import logging
import shutil
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Iterator, List, cast

from allennlp.commands.subcommand import Subcommand
from overrides import overrides

from locate_label_allennlp.common.drawing import Mark, draw_entities
from locate_label_allennlp.data.text_splitter import WORDS

if TYPE_CHECKING:
    from locate_label_allennlp.data.formats.corpus_files import CorpusFile
    from locate_label_allennlp.predictors import NestedNerPredictor


@Subcommand.register("draw-entities")
class DrawEntities(Subcommand):
    """Prints every sentence of a text with its nested entities drawn below the words."""

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        description = "Draw the nested entities that a model finds in raw text."
        subparser = parser.add_parser(self.name, description=description, help=description)
        subparser.add_argument("archive_file", help="the model: an archive or a trained folder")
        subparser.add_argument(
            "input_file", help="raw text or JSON lines, as `allennlp predict` takes; - for stdin"
        )
        subparser.add_argument("--cuda-device", type=int, default=-1, help="the GPU; -1: CPU")
        subparser.add_argument(
            "--language", help="by whose rules text is split: spaCy's code (default: the model's)"
        )
        subparser.add_argument("--words", choices=WORDS, help="how (default: as the model's)")
        subparser.add_argument(
            "--width", type=int, help="columns to draw in (default: the terminal's)"
        )
        subparser.set_defaults(func=_draw_file)
        return subparser


def _draw_file(args: argparse.Namespace) -> None:
    # The model's libraries take seconds to import; `allennlp --help` need not wait for them.
    from allennlp.common.checks import ConfigurationError
    from allennlp.models.archival import load_archive
    from allennlp.predictors import Predictor

    from locate_label_allennlp.data.document import CorpusError

    # The drawing is the output; what loading has to say is of no interest unless it is a warning.
    logging.getLogger("allennlp").setLevel(logging.WARNING)
    files = _input_files(args.input_file)
    try:
        archive = load_archive(args.archive_file, cuda_device=args.cuda_device)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{args.archive_file} is no trained model: {error}") from error
    predictor = Predictor.from_archive(
        archive, "nested_ner", extra_args={"language": args.language, "words": args.words}
    )
    width = args.width or shutil.get_terminal_size((100, 24)).columns
    for file in files:
        for number, line in file.lines():
            if not line.strip():
                continue
            try:
                for drawing in _drawings(cast("NestedNerPredictor", predictor), line, width):
                    print(drawing, end="\n\n")
            except CorpusError as error:
                raise CorpusError(error.reason, file.name, number) from error


def _input_files(path: str) -> "List[CorpusFile]":
    from locate_label_allennlp.data.formats.corpus_files import CorpusFile, corpus_files

    if path == "-":
        return [CorpusFile("stdin", lambda: nullcontext(sys.stdin.buffer))]
    return list(corpus_files(path))


def _drawings(predictor: "NestedNerPredictor", line: str, width: int) -> Iterator[str]:
    """One a sentence; scores in hundredths beside the types."""
    document = predictor.document(predictor.load_line(line))
    (entities,) = predictor.entities([document])
    for number, sentence in enumerate(document.sentences):
        marks = [
            Mark(entity["start"], entity["end"], entity["type"], f"{entity['score']:.2f}")
            for entity in entities
            if entity["sentence"] == number
        ]
        yield draw_entities(sentence.words, marks, width)
