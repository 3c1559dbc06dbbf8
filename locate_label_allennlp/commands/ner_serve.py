"""The subcommand `ner-serve` puts a model behind HTTP, with a page."""

import argparse
import os

from allennlp.commands.subcommand import Subcommand
from overrides import overrides

TOKEN = "NER_SERVE_TOKEN"


@Subcommand.register("ner-serve")
class NerServe(Subcommand):
    """Answers requests over HTTP, and shows a page to try the model on."""

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        description = "Serve a model over HTTP, with a page to try it on."
        subparser = parser.add_parser(self.name, description=description, help=description)
        subparser.add_argument("model", help="an archive, a folder or a name on the hub")
        subparser.add_argument("--host", default="127.0.0.1", help="address to listen at")
        subparser.add_argument("--port", type=int, default=8000, help="0: any free one")
        subparser.add_argument(
            "--workers", type=int, default=1, help="processes, each with a model of its own"
        )
        subparser.add_argument(
            "--token", help=f"what requests have to carry (default: the variable {TOKEN})"
        )
        subparser.add_argument(
            "--max-chars", type=int, default=100_000, help="characters in a request"
        )
        subparser.add_argument("--queue", type=int, default=1_000, help="texts that may wait")
        subparser.add_argument(
            "--timeout", type=float, default=60.0, help="seconds from a request to its answer"
        )
        subparser.add_argument("--cuda-device", type=int, default=-1, help="the GPU; -1: CPU")
        subparser.add_argument(
            "-o", "--overrides", default="", help="JSON that overrides parts of the model's config"
        )
        subparser.set_defaults(func=_serve)
        return subparser


def _serve(args: argparse.Namespace) -> None:
    # The model's libraries take seconds to import; `allennlp --help` need not wait for them.
    from locate_label_allennlp.serving.server import serve
    from locate_label_allennlp.serving.settings import Settings

    settings = Settings(
        token=os.environ.get(TOKEN) or None if args.token is None else args.token,
        max_chars=args.max_chars,
        queue=args.queue,
        timeout=args.timeout,
    )
    model = {
        "path": args.model,
        "cuda_device": args.cuda_device,
        "overrides": args.overrides,
    }
    serve(model, settings, args.host, args.port, args.workers)
