"""Pieces of HTML."""

from html import escape
from typing import List, NamedTuple, Optional, Sequence, Union


class Cell(NamedTuple):
    """
    A cell of a table.

    # Parameters

    text : `str`
    kind : `str`, optional (default = `""`)
        A class of the style sheet: `text`, set to the left, or `bar`, with a bar behind it.
    share : `float`, optional
        How long the bar is, or how strong the colour, from 0 to 1.
    """

    text: str
    kind: str = ""
    share: Optional[float] = None


Row = Sequence[Union[str, Cell]]


class Group(NamedTuple):
    """A heading amid the rows of a table."""

    title: str


def table(
    head: Sequence[str],
    rows: Sequence[Union[Row, Group]],
    caption: str = "",
    kind: str = "",
) -> str:
    """
    # Parameters

    head : `Sequence[str]`
        What stands above each column.
    rows : `Sequence[Union[Row, Group]]`
        The first cell heads its row.
    caption : `str`, optional (default = `""`)
        For those who hear the page.
    kind : `str`, optional (default = `""`)
        A class of the style sheet.
    """
    lines: List[str] = [f'<div class="scroll" tabindex="0"><table class="{kind}">']
    if caption:
        lines.append(f'<caption class="hidden">{escape(caption)}</caption>')
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    lines.append(f"<thead><tr>{heads}</tr></thead><tbody>")
    for row in rows:
        if isinstance(row, Group):
            title = escape(row.title)
            span = len(head)
            lines.append(
                f'<tr class="group"><th colspan="{span}" scope="colgroup">{title}</th></tr>'
            )
        else:
            lines.append(_row(row, kind))
    return "\n".join([*lines, "</tbody></table></div>"])


def _row(row: Row, kind_of_table: str) -> str:
    cells = [cell if isinstance(cell, Cell) else Cell(cell) for cell in row]
    drawn: List[str] = [f'<th scope="row">{escape(cells[0].text)}</th>']
    for text, kind, share in cells[1:]:
        name = f' class="{kind}"' if kind else ""
        style = "" if share is None else f' style="--share: {100 * share:.1f}%"'
        drawn.append(f"<td{name}{style}>{escape(text)}</td>")
    # In a table of counts the first is that of the whole row.
    is_zero = kind_of_table == "counts" and cells[1].text == "0"
    name = ' class="zero"' if is_zero else ""
    return f"<tr{name}>{''.join(drawn)}</tr>"


def figure(svg: str, alternative: str, caption: str) -> str:
    """A drawing with what it shows in words, for those who do not see it, and a caption."""
    return (
        f'<figure><div role="img" aria-label="{escape(alternative)}">{svg}</div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def section(name: str, title: str, *parts: str) -> str:
    content = "\n".join(part for part in parts if part)
    return f'<section id="{name}"><h2>{escape(title)}</h2>\n{content}\n</section>'


def percent(share: float) -> str:
    """In hundredths with one decimal, as results of this field are given."""
    return f"{100 * share:.1f}"


def counted(number: int) -> str:
    return f"{number:,}"
