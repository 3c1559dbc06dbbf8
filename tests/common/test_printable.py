import pytest

from locate_label_allennlp.common.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tarn caf\u00e9 \u6f22\u5b57 \u0627\u0644", "Tarn caf\u00e9 \u6f22\u5b57 \u0627\u0644"),
        ("a\x1b[2Jb\x9b\x00\x7f", "a\\x1b[2Jb\\x9b\\x00\\x7f"),
        ("a\n\tb\rc", "a\n\tb\\rc"),
        ("a\u202eb\u200dc", "a\\u202eb\u200dc"),
    ],
)
def test_control_characters_are_shown_and_not_sent(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_line_ends_can_be_shown_too() -> None:
    assert printable("a\nb", keep="") == "a\\nb"
