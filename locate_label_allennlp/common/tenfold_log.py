"""Says that something happens, without saying it every time."""

import logging


class TenfoldLog:
    """
    Counts how often something happens, and logs the count when it first does and whenever it has
    one digit more.

    # Parameters

    logger : `logging.Logger`
    message : `str`
        With a place for the count, and then one for each further argument of `add`.
    """

    def __init__(self, logger: logging.Logger, message: str) -> None:
        self._logger = logger
        self._message = message
        self.count = 0

    def add(self, number: int, *arguments: object) -> None:
        """It happened `number` times more."""
        digits = len(str(self.count)) if self.count else 0
        self.count += number
        if self.count and len(str(self.count)) > digits:
            self._logger.warning(self._message, self.count, *arguments)
