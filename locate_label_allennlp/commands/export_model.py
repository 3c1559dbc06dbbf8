"""The subcommand `export-model` makes a folder of an archive that is safe to pass on."""

import argparse
import signal
import sys
from typing import Any

from allennlp.commands.subcommand import Subcommand
from overrides import overrides

from locate_label_allennlp.common.printable import printable

DESCRIPTION = """\
Writes DIR with config.json, vocabulary/, model.safetensors, the encoder's configuration and
tokenizer, and README.md, the model's card. It holds no pickle and no code, and every command takes
it where it takes an archive. See docs/publish.md.
"""


@Subcommand.register("export-model")
class ExportModel(Subcommand):
    """Writes a folder of a model that holds no pickle and no code."""

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        help = "Write a model as a folder that is safe to pass on, with a card."
        subparser = parser.add_parser(self.name, help=help, description=DESCRIPTION)
        subparser.add_argument("archive_file", help="the model: an archive or a trained folder")
        subparser.add_argument("folder", metavar="DIR", help="the folder to write, new or empty")
        subparser.add_argument("--force", action="store_true", help="replace a model in DIR")
        subparser.add_argument("--name", default="", help="of the model (default: that of DIR)")
        subparser.add_argument(
            "--license", default="", help="an identifier of the model hub, such as apache-2.0"
        )
        subparser.add_argument(
            "--language",
            action="append",
            default=[],
            metavar="CODE",
            help="such as en, may be given several times (default: that of the config)",
        )
        subparser.add_argument(
            "--base-model",
            action="append",
            default=[],
            metavar="NAME",
            help="the hub's name of the encoder (default: the config's, unless it is a folder)",
        )
        subparser.add_argument(
            "--evaluate",
            metavar="CORPUS",
            help="measure the model on it, by type, length and nesting, for the card (default: the "
            "metrics.json of the training, if it lies beside the archive)",
        )
        subparser.add_argument("--cuda-device", type=int, default=-1, help="the GPU; -1: CPU")
        subparser.set_defaults(func=_export)
        return subparser


def _export(args: argparse.Namespace) -> None:
    # The model's libraries take seconds to import; `allennlp --help` need not wait for them.
    from locate_label_allennlp.model_folder.card import Facts
    from locate_label_allennlp.model_folder.export import export_model

    # Ends as Ctrl-C does, and takes what is half-written with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    facts = Facts(args.name, args.license, tuple(args.language), tuple(args.base_model))
    archive, left_out = export_model(
        args.archive_file, args.folder, facts, args.evaluate, args.cuda_device, args.force
    )
    if left_out:
        print(printable(f"left out: {', '.join(left_out)}", keep=""), file=sys.stderr)
    if not args.license:
        print("the card states no licence; --license does", file=sys.stderr)
    model: Any = archive.model
    print(f"{args.folder}: {archive.config['model']['type']}, {len(model.labels)} types")
