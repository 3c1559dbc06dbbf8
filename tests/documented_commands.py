"""
Turns the fenced blocks of a Markdown file into one bash script that runs them in their order, and
compares what they print with what the file shows.

    python tests/documented_commands.py README.md | bash -euo pipefail

- ```bash``` is run as it stands.
- ```console``` holds commands behind `$ ` and below each what it prints to standard output.
- ```python``` is run by a fresh interpreter; a ```text``` block right below it is what it prints.
- Other blocks, and those below a line `<!-- not run -->`, are left out.

Decimal numbers, runs of blanks and rules of tables are not compared; a line `...` stands for any
number of lines.
"""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

BLOCK = re.compile(r"^(<!-- not run -->\n)?```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+\.\d+")
RULE = re.compile(r"[─━└┘┴┬]+")
ANY_LINES = "..."


class Step(NamedTuple):
    """Shell code and, where the file shows it, what it prints."""

    code: str
    output: "str | None" = None


def steps(markdown: str) -> Iterator[Step]:
    """The steps that a Markdown text documents, in their order."""
    blocks = list(BLOCK.finditer(markdown))
    for index, block in enumerate(blocks):
        left_out, language, content = block.groups()
        if left_out:
            continue
        if language == "bash":
            yield Step(content)
        elif language == "console":
            yield from _console(content)
        elif language == "python":
            after = blocks[index + 1] if index + 1 < len(blocks) else None
            has_output = (
                after is not None and after[2] == "text" and after.start() - block.end() < 2
            )
            output = after[3] if after is not None and has_output else None
            yield Step(f"python -c {shlex.quote(content)}\n", output)


def _console(content: str) -> Iterator[Step]:
    for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        end = next(number for number, line in enumerate(lines, 1) if not line.endswith("\\\n"))
        yield Step("".join(lines[:end]), "".join(lines[end:]))


def differs(shown: str, printed: str) -> bool:
    """Whether what was printed is not what the file shows."""
    wanted, lines = (
        [" ".join(RULE.sub("", NUMBER.sub("#", line)).split()) for line in text.splitlines()]
        for text in (shown, printed)
    )
    pattern = "".join(
        r"(?:.*\n)*" if line == ANY_LINES else re.escape(line) + r"\n" for line in wanted
    )
    return re.fullmatch(pattern, "".join(line + "\n" for line in lines)) is None


def script(path: str) -> str:
    """The bash script of a Markdown file."""
    lines = []
    for step in steps(Path(path).read_text(encoding="utf-8")):
        shown = step.code.strip()
        lines.append(f"echo {shlex.quote(f'--- {shown}')} >&2\n")
        if step.output is None:
            lines.append(step.code)
        else:
            compare = f"python {shlex.quote(__file__)} --compare {shlex.quote(step.output)}"
            lines.append(f"{{\n{step.code}}} > .printed\n{compare} .printed\nrm .printed\n")
    return "".join(lines)


def main(arguments: list[str]) -> None:
    if arguments[:1] != ["--compare"]:
        print(script(arguments[0]), end="")
        return
    shown, path = arguments[1:]
    printed = Path(path).read_text(encoding="utf-8")
    if differs(shown, printed):
        sys.exit(f"documented:\n{shown}\nprinted:\n{printed}")
    print(printed, end="")


if __name__ == "__main__":
    main(sys.argv[1:])
