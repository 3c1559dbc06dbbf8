import re

from locate_label_allennlp.common.drawing import Mark
from locate_label_allennlp.common.entity_page import COLOURS, entity_page

SENTENCES = [
    (["the", "mayor", "of", "Tarn"], [Mark(0, 4, "ROLE", "0.90"), Mark(3, 4, "PLACE", "0.80")]),
    (["Tarn", "<script>alert(1)</script>"], [Mark(0, 1, "PLACE", "0.70")]),
    (["left"], [Mark(0, 1, "<b>&", "0.60")]),
]


def test_every_type_has_one_colour_and_nested_spans_stand_below_each_other() -> None:
    page = entity_page(SENTENCES, "a title")
    labelled = re.findall(r"background: (#\w+); z-index[^>]*>\s*([^<]*?)\s*</span>", page)
    assert labelled == [
        (COLOURS[0], "ROLE 0.90"),
        (COLOURS[1], "PLACE 0.80"),
        (COLOURS[1], "PLACE 0.70"),
        (COLOURS[2], "&lt;b&gt;&amp; 0.60"),
    ]
    # Where the bars of the word "Tarn" are: the outer entity's, the inner one's, and that alone.
    tops = re.findall(r"top: (\d+)px; height: 4px; left", page)
    assert tops == ["40", "40", "40", "40", "57", "40", "40"]


def test_nothing_in_a_text_runs_and_nothing_is_asked_of_a_network() -> None:
    page = entity_page(SENTENCES, "<i>")
    assert "<script" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not re.search(r"(src|href)=|url\(|https?:", page)
    assert '<meta charset="utf-8">' in page


def test_without_sentences() -> None:
    assert "<body" in entity_page([], "none")
