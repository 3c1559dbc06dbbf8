"""Nested entities as a page of HTML, drawn by spaCy's displaCy."""

from html import escape
from typing import Dict, Iterable, List, Sequence, Tuple

from spacy import displacy

from locate_label_allennlp.common.drawing import Mark

# Light enough for black text; types beyond the last one begin anew.
COLOURS = (
    *("#8ecae6", "#ffd166", "#a7e0a0", "#f7a8b8", "#cdb4f6", "#ffb48a", "#8fdcc9", "#e3d68a"),
    *("#b8c9ff", "#e0a9e8", "#c9e265", "#d9c2a7"),
)

_PAGE = """\
<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="font: 16px sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem">
{content}
</body>
</html>
"""


def entity_page(sentences: Iterable[Tuple[Sequence[str], List[Mark]]], title: str) -> str:
    """
    A page that stands alone: it asks nothing of a network, and runs nothing.

    # Parameters

    sentences : `Iterable[Tuple[Sequence[str], List[Mark]]]`
        Words, and the marks over them. A label has the same colour on the whole page.
    title : `str`
    """
    colours: Dict[str, str] = {}
    shown: Dict[str, str] = {}
    parsed = []
    for words, marks in sentences:
        spans = []
        for mark in marks:
            colour = colours.setdefault(mark.label, COLOURS[len(colours) % len(COLOURS)])
            # displaCy escapes words, but not labels, by which it finds colours.
            label = escape(f"{mark.label} {mark.detail}".rstrip())
            shown[label] = colour
            spans.append({"start_token": mark.start, "end_token": mark.end, "label": label})
        parsed.append({"text": " ".join(words), "tokens": list(words), "spans": spans})
    content = ""
    if parsed:
        content = displacy.render(
            parsed,
            style="span",
            manual=True,
            jupyter=False,
            options={"colors": shown},
        )
    return _PAGE.format(title=escape(title), content=content)
