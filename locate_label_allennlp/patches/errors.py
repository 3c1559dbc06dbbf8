"""What is wrong with data or a config, said by the `allennlp` command in one line."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from locate_label_allennlp.patches.finder import patches

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], Any]


@patches("allennlp.common.logging")
def errors_in_one_line(module: Any) -> Iterator[None]:
    """
    AllenNLP shows a traceback for whatever is wrong. For errors of the user's files, for a loss
    that is no number, for a full disk and for Ctrl-C the command says one line instead;
    `ALLENNLP_DEBUG=1`, AllenNLP's own switch, brings the traceback back.
    Training puts a hook of AllenNLP's in place, which logs the traceback: ours goes before it.
    """
    yield
    if not runs_allennlp(sys.argv[0]):
        return
    prepare_global_logging = module.prepare_global_logging

    def with_errors_in_one_line(*arguments: Any, **options: Any) -> None:
        prepare_global_logging(*arguments, **options)
        sys.excepthook = in_one_line(sys.excepthook)

    module.prepare_global_logging = with_errors_in_one_line
    sys.excepthook = in_one_line(sys.excepthook)


def in_one_line(otherwise: Hook) -> Hook:
    """A `sys.excepthook` for what a user can put right; all others go to `otherwise`."""

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        line = _line_of(error)
        if line is not None and not os.environ.get("ALLENNLP_DEBUG"):
            from locate_label_allennlp.common.printable import printable

            print(f"allennlp: {printable(line)}", file=sys.stderr)
        else:
            otherwise(kind, error, traceback)

    return hook


def _line_of(error: BaseException) -> str | None:
    """What to say, or `None` for an error that is no user's."""
    from allennlp.common.checks import ConfigurationError
    from allennlp.common.util import SigTermReceived

    from locate_label_allennlp.common.whole_files import FULL
    from locate_label_allennlp.data.document import CorpusError

    if isinstance(error, (KeyboardInterrupt, SigTermReceived)):
        return str(error) or "interrupted"
    if isinstance(error, (ConfigurationError, CorpusError, FloatingPointError)):
        return f"error: {error}"
    if isinstance(error, OSError) and error.errno in FULL:
        where = "" if error.filename is None else f"{error.filename}: "
        return f"error: {where}{error.strerror}"
    return None


def runs_allennlp(program: str) -> bool:
    """Whether `program`, the path of what is running, is `allennlp` or `python -m allennlp`."""
    path = Path(program)
    return path.stem == "allennlp" or path.parts[-2:] == ("allennlp", "__main__.py")


@patches("allennlp.common.checks")
def devices_that_are_there(module: Any) -> Iterator[None]:
    """
    Of a GPU that is not there AllenNLP does not say what asked for it nor what there is; where
    PyTorch knows no accelerator at all, a `RuntimeError` of PyTorch's comes before it can say any.
    """
    yield
    check_for_gpu = module.check_for_gpu

    def check(device: Any) -> None:
        count = module.cuda.device_count()
        for one in device if isinstance(device, list) else [device]:
            if not isinstance(one, int):
                check_for_gpu(one)
            elif not -1 <= one < count:
                there = (
                    f"0 to {count - 1}, or -1, the CPU" if count else "-1, the CPU (no GPU is seen)"
                )
                raise module.ConfigurationError(
                    f"the device (GPUS, --cuda-device, trainer.cuda_device) is {one}; "
                    f"allowed here is {there}"
                )

    module.check_for_gpu = check
