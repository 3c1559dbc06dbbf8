"""Text from anywhere, as a terminal may be given it."""

import unicodedata

# What turns the direction of text around; a letter of a right-to-left script needs none of them.
_DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def printable(text: str, keep: str = "\n\t") -> str:
    r"""
    With control characters, by which a terminal can be told to do anything, as `\x1b`. Those of
    `keep` stay.
    """
    if text.isprintable():
        return text
    return "".join(
        repr(character)[1:-1] if _is_control(character) and character not in keep else character
        for character in text
    )


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" or character in _DIRECTIONS
