"""The subcommand `ner-report` says what a model finds, what it misses, and why."""

import argparse
from typing import TYPE_CHECKING, Any, Dict, Union

from allennlp.commands.subcommand import Subcommand
from overrides import overrides

from locate_label_allennlp.report.batches import BATCH_SIZE

if TYPE_CHECKING:
    from allennlp.models import Archive

    from locate_label_allennlp.models import MentionTyper, NestedNerModel

DESCRIPTION = """\
Runs a model on a corpus and writes DIR/report.html, a page that needs no network, and
DIR/report.json, its numbers: scores of every group of entities, the stage that lost each missed
entity, what each false one comes from, with examples, and precision and recall over all thresholds.
See docs/report.md.
"""


@Subcommand.register("ner-report")
class NerReport(Subcommand):
    """Writes a page, and its numbers, about what a model finds in a corpus."""

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        help = "Write a page about what a model finds in a corpus and what it misses."
        subparser = parser.add_parser(
            self.name,
            help=help,
            description=DESCRIPTION,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        subparser.add_argument(
            "archive_file", help="the model: an archive, a folder or a name on the hub"
        )
        subparser.add_argument("input_file", help="a corpus with gold entities")
        subparser.add_argument(
            "--output", metavar="DIR", required=True, help="the folder to write, new or empty"
        )
        subparser.add_argument("--force", action="store_true", help="replace a report in DIR")
        subparser.add_argument(
            "--cuda-device", type=int, default=-1, help="the number of a GPU, or -1 for the CPU"
        )
        subparser.add_argument(
            "--batch-size",
            type=_at_least(1),
            help="sentences at a time (default: the config's validation_data_loader, "
            f"or {BATCH_SIZE})",
        )
        subparser.add_argument(
            "-o", "--overrides", default="", help="JSON that overrides parts of the model's config"
        )
        subparser.add_argument(
            "--max-examples",
            type=_at_least(0),
            default=5,
            help="sentences to show of each kind of error",
        )
        subparser.set_defaults(func=_write)
        return subparser


def _at_least(smallest: int) -> Any:
    def number(text: str) -> int:
        if int(text) < smallest:
            raise argparse.ArgumentTypeError(f"{text} is less than {smallest}")
        return int(text)

    return number


def _write(args: argparse.Namespace) -> None:
    # The model's libraries take seconds to import; `allennlp --help` need not wait for them.
    from allennlp.common.util import prepare_environment
    from allennlp.models.archival import load_archive

    from locate_label_allennlp.models import MentionTyper
    from locate_label_allennlp.report.batches import corpus_batches
    from locate_label_allennlp.report.building import build_mention_report, build_report
    from locate_label_allennlp.report.report_folder import check_writable, write_report
    from locate_label_allennlp.report.training import epochs_of

    check_writable(args.output, args.force)
    training = epochs_of(args.archive_file)
    archive = load_archive(
        args.archive_file, cuda_device=args.cuda_device, overrides=args.overrides
    )
    prepare_environment(archive.config.duplicate())
    model = _reported(archive, args.archive_file)
    batches = corpus_batches(archive, args.input_file, args.batch_size, args.cuda_device)
    where = (batches, args.archive_file, args.input_file, args.max_examples, training)
    if isinstance(model, MentionTyper):
        report = build_mention_report(model, *where)
    else:
        report = build_report(model, *where)
    write_report(report, args.output)
    print(f"{args.output}: {_summary(report)}")


def _reported(archive: "Archive", path: str) -> "Union[NestedNerModel, MentionTyper]":
    from allennlp.common.checks import ConfigurationError

    from locate_label_allennlp.models import MentionTyper
    from locate_label_allennlp.models.nested_ner_model import NestedNerModel

    model = archive.model
    if not isinstance(model, (NestedNerModel, MentionTyper)):
        raise ConfigurationError(
            f"{path}: the model is {archive.config['model'].get('type')!r}; a report needs one "
            "that finds entities, or mention_typer"
        )
    return model


def _summary(report: Dict[str, Any]) -> str:
    micro = report["scores"]["micro"]
    if "given" in report:
        given = report["given"]
        accuracy = f"{100 * given['accuracy']:.1f} %"
        return f"{accuracy} of {given['mentions']:,} given mentions have the right type"
    missed = [f"{row['stage']} {row['count']}" for row in report["missed"]["table"]]
    return (
        f"F1 {100 * micro['f1']:.1f}, {micro['gold']:,} gold, {micro['predicted']:,} found; "
        f"missed: {', '.join(missed)}"
    )
