"""What is wrong with data or a config, said by the `allennlp` command in one line."""

import os
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any

from locate_label_allennlp.patches.finder import patches

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], Any]


@patches("allennlp.common.logging")
def errors_in_one_line(module: Any) -> Iterator[None]:
    """
    AllenNLP shows a traceback for whatever is wrong. For errors of the user's files the command
    says one line instead; `ALLENNLP_DEBUG=1`, AllenNLP's own switch, brings the traceback back.
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
    """A `sys.excepthook` for errors of the user's files; all others go to `otherwise`."""

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        from allennlp.common.checks import ConfigurationError

        from locate_label_allennlp.data.document import CorpusError

        is_user_s = isinstance(error, (ConfigurationError, CorpusError))
        if is_user_s and not os.environ.get("ALLENNLP_DEBUG"):
            print(f"allennlp: error: {error}", file=sys.stderr)
        else:
            otherwise(kind, error, traceback)

    return hook


def runs_allennlp(program: str) -> bool:
    """Whether `program`, the path of what is running, is `allennlp` or `python -m allennlp`."""
    path = Path(program)
    return path.stem == "allennlp" or path.parts[-2:] == ("allennlp", "__main__.py")


@patches("allennlp.common.checks")
def devices_that_are_there(module: Any) -> Iterator[None]:
    """
    Of a GPU that is not there AllenNLP does not say what asked for it, nor what there is.
    """
    yield
    check_for_gpu = module.check_for_gpu

    def check(device: Any) -> None:
        try:
            check_for_gpu(device)
        except module.ConfigurationError as error:
            count = module.cuda.device_count()
            there = (
                f"0 to {count - 1}, or -1 (the CPU)" if count else "-1 (the CPU): there is no GPU"
            )
            raise module.ConfigurationError(
                f"the device (GPUS, --cuda-device, trainer.cuda_device) is {device}; "
                f"allowed here is {there}"
            ) from error

    module.check_for_gpu = check


@patches("allennlp.models.archival")
def archives_for_devices_that_are_there(module: Any) -> Iterator[None]:
    """AllenNLP moves an archive's model to a GPU without a look whether there is one."""
    yield
    load_archive = module.load_archive

    @wraps(load_archive)
    def checked(archive_file: Any, cuda_device: int = -1, *arguments: Any, **options: Any) -> Any:
        from allennlp.common.checks import check_for_gpu

        check_for_gpu(cuda_device)
        return load_archive(archive_file, cuda_device, *arguments, **options)

    module.load_archive = checked
