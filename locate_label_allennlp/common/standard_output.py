"""Standard output, whose reader may have seen enough."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable


@contextmanager
def quiet_when_closed() -> Iterator[Callable[[str], None]]:
    """
    What writes text to standard output at once. If its reader has gone away, as in `... | head`,
    the command ends without a word, with status 1.
    """

    def write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    try:
        yield write
    except BrokenPipeError:
        # What is left in the buffer goes nowhere, instead of failing when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
