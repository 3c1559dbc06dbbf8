import re

from locate_label_allennlp.common.drawing import Mark
from locate_label_allennlp.report.displacy import draw_html

COLOURS = {"": "green", "missed": "red"}


def test_nested_entities_lie_on_top_of_each_other() -> None:
    marks = [Mark(0, 3, "ORG"), Mark(1, 2, "PLACE", "missed")]
    drawn = draw_html(["Port", "of", "Tarn", "left"], marks, COLOURS)
    labels = re.findall(r'class="label" style="background: (\w+)">([^<]*)<', drawn)
    assert labels == [("green", "ORG"), ("red", "PLACE missed")]
    first, second = re.findall(r'class="slice first"[^>]*top: (\d+)px', drawn)
    assert int(first) < int(second)
    # ORG over three words, PLACE over one.
    assert drawn.count('class="slice" style="background: green') == 3
    assert drawn.count('class="slice" style="background: red') == 1


def test_words_and_types_are_no_html() -> None:
    drawn = draw_html(["<script>", "a&b"], [Mark(0, 1, "<b>"), Mark(1, 2, "{x}")], COLOURS)
    assert "<script>" not in drawn
    assert "<b>" not in drawn
    assert "&lt;script&gt;" in drawn
    assert "&lt;b&gt;" in drawn
    assert "a&amp;b" in drawn
    assert ">{x}<" in drawn


def test_a_sentence_without_entities_keeps_its_words() -> None:
    drawn = draw_html(["one", "<two>"], [], COLOURS)
    assert "one &lt;two&gt;" in drawn


def test_arabic_goes_from_right_to_left() -> None:
    assert "direction: rtl" in draw_html(["1", "مدينة"], [Mark(1, 2, "LOC")], COLOURS)
    assert "direction: ltr" in draw_html(["1", "city"], [Mark(1, 2, "LOC")], COLOURS)
