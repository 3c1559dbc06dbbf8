"""The subcommand `publish-model` uploads the folder of a model to the model hub."""

import argparse

from allennlp.commands.subcommand import Subcommand
from overrides import overrides

from locate_label_allennlp.common.printable import printable

DESCRIPTION = """\
Uploads a folder that `allennlp export-model` has made to the model hub, or to that of HF_ENDPOINT,
in one commit. Who you are, huggingface_hub knows from `hf auth login` or HF_TOKEN. See
docs/publish.md.
"""


@Subcommand.register("publish-model")
class PublishModel(Subcommand):
    """Uploads the folder of a model."""

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        help = "Upload the folder of a model to the model hub."
        subparser = parser.add_parser(self.name, help=help, description=DESCRIPTION)
        subparser.add_argument("folder", metavar="DIR", help="what export-model has written")
        subparser.add_argument("repository", metavar="ORG/NAME", help="made if it is not there")
        subparser.add_argument("--revision", metavar="BRANCH", help="(default: the main one)")
        subparser.add_argument("--private", action="store_true", help="if it has to be made")
        subparser.add_argument("--message", default="", help="of the commit")
        subparser.set_defaults(func=_publish)
        return subparser


def _publish(args: argparse.Namespace) -> None:
    # The model's libraries take seconds to import; `allennlp --help` need not wait for them.
    from locate_label_allennlp.model_folder.hub import publish

    address = publish(args.folder, args.repository, args.revision, args.private, args.message)
    print(printable(f"{args.folder}: {address}", keep=""))
