"""What `allennlp predict` does for models of this package, and what its options are."""

import argparse
import json
import os
import sys
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence

from locate_label_allennlp.common.printable import printable
from locate_label_allennlp.common.standard_output import quiet_when_closed

if TYPE_CHECKING:
    from locate_label_allennlp.data.formats.corpus_files import CorpusFile

BATCH_SIZE_HELP = "inputs to take at once (default: enough that hardly any padding is read)"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those that AllenNLP's own parser of the command lacks."""
    add_input_options(parser)
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the --output-file of the same command that was broken off",
    )
    parser.add_argument(
        "--on-error",
        choices=("stop", "skip"),
        default="stop",
        help="what to do at an input that is not allowed: end, or name it and go on",
    )
    changed = {
        "input_file": "a file, a folder, a pattern or an archive; - for standard input",
        "output_file": "the file to write; without it, predictions go to standard output",
        "batch_size": BATCH_SIZE_HELP,
        "silent": "show no progress",
    }
    for action in parser._actions:
        action.help = changed.get(action.dest, action.help)
    parser.description = "Find entities in texts or in a corpus; see docs/predict.md."
    parser.set_defaults(func=predict, batch_size=None)


def add_input_options(parser: argparse.ArgumentParser) -> None:
    """How an input file is taken apart."""
    units = parser.add_mutually_exclusive_group()
    for option, is_whole, help in [
        ("--lines", False, "every line of every file is an input (default: but for .txt files)"),
        ("--whole-files", True, "every file is one raw text (default: if its name ends in .txt)"),
    ]:
        units.add_argument(
            option, dest="whole_files", action="store_const", const=is_whole, help=help
        )


def predict(args: argparse.Namespace) -> None:
    """
    Checks what can be checked before the model is loaded, then predicts. Models of other packages
    are left to AllenNLP.
    """
    from allennlp.commands import predict as allennlp_s
    from allennlp.common import logging as common_logging
    from allennlp.common.checks import ConfigurationError
    from allennlp.models.archival import load_archive

    from locate_label_allennlp.predictors.inputs import input_files
    from locate_label_allennlp.predictors.loading import (
        NAME,
        finds_nested_entities,
        predictor_from,
    )

    common_logging.FILE_FRIENDLY_LOGGING = args.file_friendly_logging
    if args.batch_size is not None and args.batch_size < 1:
        raise ConfigurationError(f"--batch-size is {args.batch_size}; allowed is >= 1")
    if args.use_dataset_reader and args.whole_files is not None:
        raise ConfigurationError("--use-dataset-reader reads corpora: no --lines, --whole-files")
    if args.use_dataset_reader and args.input_file == "-":
        raise ConfigurationError("--use-dataset-reader does not read standard input")
    if args.use_dataset_reader and args.on_error == "skip":
        raise ConfigurationError("--on-error skip is of inputs; a corpus is read whole or not")
    if args.resume and args.output_file is None:
        raise ConfigurationError("--resume goes on with a file: give --output-file")
    arguments = _predictor_arguments(args.predictor_args)
    files = [] if args.use_dataset_reader else input_files(args.input_file)
    check_output(args.output_file, [file.name for file in files] or [args.input_file])
    archive = load_archive(
        args.archive_file,
        weights_file=args.weights_file,
        cuda_device=args.cuda_device,
        overrides=args.overrides,
    )
    if args.predictor == NAME or (args.predictor is None and finds_nested_entities(archive)):
        predictor = predictor_from(
            archive, args.archive_file, arguments, args.dataset_reader_choice
        )
        _predict(predictor, files, args)
        return
    manager = allennlp_s._PredictManager(
        allennlp_s.Predictor.from_archive(
            archive,
            args.predictor,
            dataset_reader_to_load=args.dataset_reader_choice,
            extra_args=arguments,
        ),
        args.input_file,
        args.output_file,
        args.batch_size or 1,
        not args.silent,
        args.use_dataset_reader,
        args.multitask_head,
    )
    manager.run()


def _predict(predictor: Any, files: "Sequence[CorpusFile]", args: argparse.Namespace) -> None:
    from locate_label_allennlp.common.progress import progress_bar, shows_progress
    from locate_label_allennlp.data.document import CorpusError
    from locate_label_allennlp.predictors.bulk_prediction import read_corpus, write_predictions
    from locate_label_allennlp.predictors.inputs import count_inputs, read_inputs
    from locate_label_allennlp.predictors.predictions_file import predictions_file

    is_corpus = args.use_dataset_reader
    has_bar = not args.silent and shows_progress()
    skipped: List[CorpusError] = []
    if is_corpus:
        inputs = read_corpus(predictor._dataset_reader, args.input_file)
        unit, total = "documents", None
    else:
        on_error = partial(_skip, skipped) if args.on_error == "skip" else None
        inputs, unit = read_inputs(predictor, files, args.whole_files, on_error), "inputs"
        total = count_inputs(files, args.whole_files) if has_bar else None
    with ExitStack() as stack:
        seen = stack.enter_context(
            progress_bar(inputs, desc="predicting", unit=unit, total=total, silent=args.silent)
        )
        if args.output_file is None:
            write = stack.enter_context(quiet_when_closed())
        else:
            file = stack.enter_context(predictions_file(args.output_file, args.resume))
            seen, write = file.missing(seen, predictor), file.write
        write_predictions(predictor, seen, write, args.batch_size, with_gold=is_corpus)
    if skipped:
        print(f"{len(skipped):,} inputs skipped, named above", file=sys.stderr)


def _skip(skipped: List[Any], error: Any) -> None:
    print(f"skipped: {printable(str(error), keep='')}", file=sys.stderr)
    skipped.append(error)


def _predictor_arguments(text: str) -> Dict[str, Any]:
    from allennlp.common.checks import ConfigurationError

    try:
        arguments = json.loads(text.strip() or "{}")
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise ConfigurationError(f"--predictor-args is {text!r:.200}; allowed is a JSON object")
    return arguments


def check_output(path: Optional[str], inputs: Sequence[str]) -> None:
    """A `CorpusError` for what cannot be written, or is one of the inputs."""
    from locate_label_allennlp.data.document import CorpusError

    if path is None:
        return
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise CorpusError(f"cannot be written: there is no folder {folder}", path)
    if os.path.isdir(path):
        raise CorpusError("cannot be written: it is a folder", path)
    if any(os.path.realpath(name) == os.path.realpath(path) for name in inputs):
        raise CorpusError("is both input and output; allowed are two files", path)
