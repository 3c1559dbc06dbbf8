"""The subcommand `ner-bulk` predicts with many processes, on one machine or a cluster."""

import argparse

from allennlp.commands.subcommand import Subcommand
from overrides import overrides

DESCRIPTION = """\
Finds the entities of many inputs with many processes (Ray Data), on this machine or on a cluster.
INPUT is what `allennlp predict` takes, files, folders or archives, or a Parquet file whose columns
are the fields of such a line (text, for example). DIR gets part-00000000.jsonl and so on, in the
order of the inputs; rejected.jsonl with file, line and reason of each that is not allowed; and
manifest.json with the counts. Called again, it goes on with the parts that are missing. See
docs/scale.md.
"""


@Subcommand.register("ner-bulk")
class NerBulk(Subcommand):
    """Predicts with many processes."""

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        help = "Find entities with many processes, on one machine or a cluster."
        subparser = parser.add_parser(self.name, help=help, description=DESCRIPTION)
        subparser.add_argument("model", help="an archive, a folder or a name on the hub")
        subparser.add_argument("inputs", nargs="+", metavar="INPUT", help="a file, folder, archive")
        subparser.add_argument("--output", metavar="DIR", required=True, help="the folder to fill")
        subparser.add_argument(
            "--format", choices=["jsonl", "parquet"], default="jsonl", help="of the parts"
        )
        subparser.add_argument(
            "--workers", type=int, help="processes (default: one a GPU, else one a processor)"
        )
        subparser.add_argument(
            "--part-size",
            type=int,
            default=1000,
            help="inputs in a part: what is lost with a worker",
        )
        subparser.add_argument(
            "--address", help="of a Ray cluster, such as auto (default: this machine alone)"
        )
        how = subparser.add_mutually_exclusive_group()
        how.add_argument(
            "--lines",
            dest="whole_files",
            action="store_const",
            const=False,
            help="each line is an input, in .txt files too",
        )
        how.add_argument(
            "--whole-files",
            dest="whole_files",
            action="store_const",
            const=True,
            help="each file is one text",
        )
        subparser.add_argument(
            "-o", "--overrides", default="", help="JSON that overrides parts of the model's config"
        )
        subparser.set_defaults(func=_bulk)
        return subparser


def _bulk(args: argparse.Namespace) -> None:
    from allennlp.common.checks import ConfigurationError

    from locate_label_allennlp.bulk.prediction import Settings, predict_in_bulk

    for name in ("workers", "part_size"):
        value = getattr(args, name)
        if value is not None and value < 1:
            option = name.replace("_", "-")
            raise ConfigurationError(f"--{option} is {value}; allowed is >= 1")
    settings = Settings(
        args.model,
        args.inputs,
        args.output,
        args.format,
        args.part_size,
        args.whole_files,
        args.overrides,
    )
    manifest = predict_in_bulk(settings, args.workers, args.address)
    rejected = manifest["rejected"]
    print(
        f"{args.output}: {manifest['documents']:,} documents in {len(manifest['parts']):,} parts"
        + (f"; {rejected:,} inputs rejected, named in rejected.jsonl" if rejected else "")
    )
