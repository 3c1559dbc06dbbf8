"""The subcommand `tune-thresholds` fits calibration and thresholds to a development set."""

import argparse
import os

from allennlp.commands.subcommand import Subcommand
from overrides import overrides

from locate_label_allennlp.common.printable import printable


@Subcommand.register("tune-thresholds")
class TuneThresholds(Subcommand):
    """Makes an archive with calibrated scores, and the thresholds that are best on a corpus."""

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        description = "Fit calibration and thresholds of an archive to a development set."
        subparser = parser.add_parser(self.name, description=description, help=description)
        subparser.add_argument("archive_file", help="the model: an archive, which is left as it is")
        subparser.add_argument("input_file", help="the development set, with gold entities")
        subparser.add_argument(
            "--output",
            metavar="NEW",
            required=True,
            help="the archive to write; beside it NEW.tuning.json and NEW.tuning.png say what was "
            "chosen, and how precision and recall depend on the threshold",
        )
        subparser.add_argument(
            "--objective",
            choices=("micro", "macro"),
            default="micro",
            help="all entities together, or the mean over the types",
        )
        subparser.add_argument(
            "--beta", type=float, default=1.0, help="how many times recall counts as much"
        )
        subparser.add_argument(
            "--min-precision",
            type=float,
            default=0.0,
            metavar="P",
            help="instead of F-beta: the most recall with a precision of at least P",
        )
        subparser.add_argument(
            "--one-threshold", action="store_true", help="for all types, never one for each"
        )
        subparser.add_argument(
            "--no-calibration", action="store_true", help="leave the scores as they are"
        )
        subparser.add_argument("--cuda-device", type=int, default=-1, help="the GPU; -1: CPU")
        subparser.add_argument("--batch-size", type=int, help="sentences at a time")
        subparser.set_defaults(func=_tune)
        return subparser


def _tune(args: argparse.Namespace) -> None:
    # The model's libraries take seconds to import; `allennlp --help` need not wait for them.
    from allennlp.common.checks import ConfigurationError
    from allennlp.models.archival import load_archive

    from locate_label_allennlp.data.document import CorpusError
    from locate_label_allennlp.decoders import EntityDecoder
    from locate_label_allennlp.models.nested_ner_model import NestedNerModel
    from locate_label_allennlp.report.batches import corpus_batches
    from locate_label_allennlp.report.building import registered_name
    from locate_label_allennlp.tuning.summary import chosen, scores_table, write_tuning
    from locate_label_allennlp.tuning.thresholds import Objective
    from locate_label_allennlp.tuning.tuned_archive import copy_archive
    from locate_label_allennlp.tuning.tuning import Sentences, tune, tuned_config

    if not args.beta > 0:
        raise ConfigurationError(f"--beta is {args.beta}; allowed is more than 0")
    if not 0 <= args.min_precision <= 1:
        raise ConfigurationError(f"--min-precision is {args.min_precision}; allowed is 0 to 1")
    if not os.path.isfile(args.archive_file):
        raise ConfigurationError(f"{args.archive_file} is no file; allowed is a model.tar.gz")
    if os.path.realpath(args.archive_file) == os.path.realpath(args.output):
        raise ConfigurationError("--output is the archive itself; allowed is another name")
    archive = load_archive(args.archive_file, cuda_device=args.cuda_device)
    model = archive.model
    if not isinstance(model, NestedNerModel):
        kind = archive.config["model"].get("type")
        raise ConfigurationError(f"the model is {kind!r}, which has no thresholds to tune")
    batches = corpus_batches(archive, args.input_file, args.batch_size, args.cuda_device)
    sentences = Sentences(model, batches)
    if not sum(sentences.gold().values()):
        raise CorpusError("has no gold entities, by which thresholds are chosen", args.input_file)
    objective = Objective(args.beta, args.min_precision, args.objective == "macro")
    tuned = tune(
        sentences,
        model,
        objective,
        not args.one_threshold,
        with_calibration=not args.no_calibration,
    )
    name = registered_name(EntityDecoder, type(model.decoder))
    copy_archive(args.archive_file, args.output, lambda config: tuned_config(config, tuned, name))
    write_tuning(tuned, f"{args.output}.tuning")
    print(scores_table(tuned))
    print(printable(f"{args.output}: {chosen(tuned)}", keep=""))
