"""Sentences with nested entities, drawn by displaCy."""

from html import escape
from typing import Dict, Sequence
from unicodedata import bidirectional

from locate_label_allennlp.common.drawing import Mark

# displaCy's own templates, but for three things: the page's style sheet says how they look; a word
# is at least as wide as the label that begins there, so that labels do not run into each other; and
# what lies on top of each other has room between the lines.
_TEMPLATES = {
    "span": '<span class="word" style="height: {total_height}px">{text}{span_slices}'
    "{span_starts}</span> ",
    "slice": '<span class="slice" style="background: {bg}; top: {top_offset}px"></span>',
    "start": '<span class="room">{label}</span>'
    '<span class="slice first" style="background: {bg}; top: {top_offset}px">'
    '<span class="label" style="background: {bg}">{label}{kb_link}</span></span>',
}
_OPTIONS = {"top_offset": 29, "top_offset_step": 19, "span_label_offset": 14}


def draw_html(words: Sequence[str], marks: Sequence[Mark], colours: Dict[str, str]) -> str:
    """
    # Parameters

    words : `Sequence[str]`
    marks : `Sequence[Mark]`
        The label, and then the detail, stand above each.
    colours : `Dict[str, str]`
        For each detail what CSS calls its colour.

    # Returns

    `str`
        HTML whose classes `report.css` describes.
    """
    from spacy import displacy

    # displaCy takes labels for HTML, and looks their colours up in capitals.
    labels = [escape(f"{mark.label} {mark.detail}".rstrip()) for mark in marks]
    sentence = {
        "tokens": list(words),
        "spans": [
            {"start_token": mark.start, "end_token": mark.end, "label": label}
            for mark, label in zip(marks, labels, strict=True)
        ],
        "settings": {"direction": "rtl" if _is_right_to_left(words) else "ltr"},
    }
    options = {
        **_OPTIONS,
        "template": _TEMPLATES,
        "colors": {label: colours[mark.detail] for mark, label in zip(marks, labels, strict=True)},
    }
    return displacy.render(sentence, style="span", manual=True, options=options, jupyter=False)


def _is_right_to_left(words: Sequence[str]) -> bool:
    """Whether the first letter that has a direction is of a script such as Arabic or Hebrew."""
    directions = (bidirectional(character) for word in words for character in word)
    return next((each for each in directions if each in ("L", "R", "AL")), "L") != "L"
