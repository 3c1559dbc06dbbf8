"""
The subcommand `locate-label-info` prints what a bug report needs: the versions of the libraries
that matter here, the GPUs, and the device that AllenNLP will use.
"""

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version

import torch
from allennlp.commands.subcommand import Subcommand
from overrides import overrides

DISTRIBUTIONS = ("torch", "allennlp", "allennlp-models", "transformers", "spacy")


@Subcommand.register("locate-label-info")
class LocateLabelInfo(Subcommand):
    """Prints versions and devices."""

    requires_plugins = False

    @overrides
    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        description = "Print the versions of the libraries and the device that will be used."
        subparser = parser.add_parser(self.name, description=description, help=description)
        subparser.set_defaults(func=_print_info)
        return subparser


def _print_info(args: argparse.Namespace) -> None:
    rows = environment()
    width = max(len(name) for name in rows)
    for name, value in rows.items():
        print(f"{name:{width}}  {value}")


def environment() -> dict[str, str]:
    """Returns what the subcommand prints, by name and in order."""
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    cudnn = torch.backends.cudnn.version()
    return {
        "locate-label-allennlp": installed_version("locate-label-allennlp"),
        "Python": f"{platform.python_version()} on {platform.platform()}",
        **{name: installed_version(name) for name in DISTRIBUTIONS},
        "CUDA": torch.version.cuda or "none: this is a CPU build of torch",
        "cuDNN": str(cudnn) if cudnn else "none",
        "GPUs": ", ".join(f"{index}: {name}" for index, name in enumerate(gpus)) or "none",
        # AllenNLP trains on the first GPU by itself, but evaluates and predicts on the CPU.
        "allennlp train": "cuda:0" if gpus else "cpu",
        "allennlp evaluate, predict": "cpu" + (" (on a GPU: --cuda-device 0)" if gpus else ""),
    }


def installed_version(distribution: str) -> str:
    """Returns the version of an installed distribution, or says that there is none."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"
