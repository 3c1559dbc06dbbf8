"""Standard output, whose reader may have seen enough."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable

from locate_label_allennlp.common.whole_files import FULL


@contextmanager
def quiet_when_closed() -> Iterator[Callable[[str], None]]:
    """
    What writes text to standard output at once. If its reader has gone away, as in `... | head`,
    the command ends without a word, with status 1.

    # Raises

    `OSError` that says how much is there if it is a file on a full disk.
    """
    written = 0

    def write(text: str) -> None:
        nonlocal written
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError as error:
            if error.errno not in FULL:
                raise
            where = f"standard output, after {written:,} characters"
            raise OSError(error.errno, error.strerror, where) from error
        written += len(text)

    try:
        yield write
    except BrokenPipeError:
        # What is left in the buffer goes nowhere, instead of failing when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
