"""What a server is told when it starts."""

import re
from dataclasses import dataclass
from typing import Optional

from allennlp.common.checks import ConfigurationError


@dataclass(frozen=True)
class Settings:
    """
    # Parameters

    token : `str`, optional
        What requests have to carry as `Authorization: Bearer TOKEN`. `None`: nothing.
    max_chars : `int`, optional (default = `100_000`)
        Of the texts of a request together.
    queue : `int`, optional (default = `1_000`)
        Texts that may wait, and of a request.
    timeout : `float`, optional (default = `60`)
        Seconds from a request to its answer.
    body_timeout : `float`, optional (default = `10`)
        Seconds that the body of a request may take to arrive.
    """

    token: Optional[str] = None
    max_chars: int = 100_000
    queue: int = 1_000
    timeout: float = 60.0
    body_timeout: float = 10.0

    def __post_init__(self) -> None:
        for name in ("max_chars", "queue"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; allowed is >= 1")
        for name in ("timeout", "body_timeout"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; allowed is more than 0")
        # Blanks around it, such as a line end, do not reach the server.
        if self.token is not None and not re.fullmatch(r"[!-~]+( +[!-~]+)*", self.token):
            raise ConfigurationError(
                "the token has to be letters, digits and signs of ASCII, with no blank around it"
            )

    @property
    def max_bytes(self) -> int:
        r"""Of a body: a character takes 12 bytes at most, as two `\uXXXX`."""
        return 12 * self.max_chars + 65_536

    @property
    def max_waiting_chars(self) -> int:
        """Of all texts that wait."""
        return 20 * self.max_chars
