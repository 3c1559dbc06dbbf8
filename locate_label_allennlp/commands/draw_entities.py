"""The subcommand `draw-entities` shows what a model finds in raw text, drawn in the terminal."""

import argparse
import logging
import shutil
import sys
from typing import Iterator

from allennlp.commands.subcommand import Subcommand
from allennlp.common.util import JsonDict
from overrides import overrides

from locate_label_allennlp.common.drawing import Mark, draw_entities
from locate_label_allennlp.data.text_splitter import WORDS


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
    from allennlp.models.archival import load_archive
    from allennlp.predictors import Predictor

    # The drawing is the output; what loading has to say is of no interest unless it is a warning.
    logging.getLogger("allennlp").setLevel(logging.WARNING)
    archive = load_archive(args.archive_file, cuda_device=args.cuda_device)
    predictor = Predictor.from_archive(
        archive, "nested_ner", extra_args={"language": args.language, "words": args.words}
    )
    width = args.width or shutil.get_terminal_size((100, 24)).columns
    for line in _lines(args.input_file):
        if line.strip():
            print(*_drawn(predictor.predict_json(predictor.load_line(line)), width), sep="\n\n")
            print()


def _lines(path: str) -> Iterator[str]:
    if path == "-":
        yield from sys.stdin
        return
    with open(path, encoding="utf-8-sig") as lines:
        yield from lines


def _drawn(output: JsonDict, width: int) -> Iterator[str]:
    """The drawing of each sentence; scores in hundredths beside the types."""
    for number, words in enumerate(output.get("sentences") or [output["tokens"]]):
        marks = [
            Mark(entity["start"], entity["end"], entity["type"], f"{entity['score']:.2f}")
            for entity in output["entities"]
            if entity["sentence"] == number
        ]
        yield draw_entities(words, marks, width)
