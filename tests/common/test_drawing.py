import pytest

from locate_label_allennlp.common.drawing import Mark, draw_entities

WORDS = ["the", "director", "of", "Relmere", "University", "left"]
MARKS = [Mark(3, 4, "PLACE", "1.00"), Mark(3, 5, "ORG", "0.98"), Mark(0, 5, "PER", "0.97")]


def test_inner_entities_stand_nearer_to_the_words() -> None:
    assert draw_entities(WORDS, MARKS) == "\n".join(
        [
            "the director of Relmere University left",
            "                └PLACE┘",
            "                └────ORG 0.98────┘",
            "└────────────PER 0.97────────────┘",
        ]
    )


def test_entities_side_by_side_share_a_row() -> None:
    drawn = draw_entities(["Ann", "met", "Bob"], [Mark(2, 3, "P"), Mark(0, 1, "P")])
    assert drawn == "Ann met Bob\n└P┘     └P┘"


def test_crossing_entities_stand_in_rows_of_their_own() -> None:
    drawn = draw_entities(["aaa", "bbb", "ccc"], [Mark(0, 2, "X"), Mark(1, 3, "Y")])
    assert drawn.split("\n") == ["aaa bbb ccc", "└──X──┘", "    └──Y──┘"]


def test_no_entities() -> None:
    assert draw_entities(WORDS, []) == " ".join(WORDS)


@pytest.mark.parametrize("width", [5, 16, 25, 34])
def test_a_narrow_terminal_breaks_the_line_and_leaves_the_bracket_open(width: int) -> None:
    lines = draw_entities(WORDS, MARKS, width).split("\n")
    assert [word for line in lines for word in line.split() if word in WORDS] == WORDS
    # Words longer than the terminal stand on a line of their own.
    assert all(len(line) <= max(width, len("University")) for line in lines)
    # Each bracket opens once and closes once, however many lines it goes over.
    assert sum(line.count("└") for line in lines) == len(MARKS)
    assert sum(line.count("┘") for line in lines) == len(MARKS)


def test_wide_characters_take_two_columns() -> None:
    assert draw_entities(["科", "技"], [Mark(1, 2, "T")]).split("\n")[1] == "   └┘ T"
    drawn = draw_entities(["科技科"], [Mark(0, 1, "组织")])
    assert drawn.split("\n")[1] == "└组织┘"


def test_labels_without_room_stand_beside_their_brackets_uncut() -> None:
    words = ["I", "saw", "Bo", "in", "Oslo", "and", "his", "aunt", "a", "b"]
    marks = [
        Mark(2, 3, "PER", "0.98"),
        Mark(4, 5, "LOCATION", "0.91"),
        Mark(6, 7, "PER", "0.50"),
        Mark(6, 8, "PERSON", "0.50"),
        Mark(8, 9, "Q"),
        Mark(9, 10, "LETTER"),
    ]
    assert draw_entities(words, marks).split("\n") == [
        "I saw Bo in Oslo and his aunt a b",
        "      └┘ PER 0.98",
        "            └──┘ LOCATION 0.91",
        "                     └─┘ PER 0.50",
        "                     └PERSON┘ ╵ Q",
        "                                ╵ LETTER",
    ]
    # In a terminal as wide as the sentence those at its end go before it.
    assert draw_entities(words, marks, 33).split("\n")[1:] == [
        "      └┘ PER 0.98",
        "            └──┘ LOCATION 0.91",
        "                     └─┘ PER 0.50",
        "                              ╵ Q",
        "                         LETTER ╵",
        "                     └PERSON┘",
    ]


def test_a_label_that_fits_on_one_of_two_lines_is_not_said_beside() -> None:
    drawn = draw_entities(["an", "institute"], [Mark(0, 2, "ORG")], width=10)
    assert drawn.split("\n") == ["an", "└─", "institute", "───ORG──┘"]
    drawn = draw_entities(["an", "old"], [Mark(0, 2, "ORG")], width=4)
    assert drawn.split("\n") == ["an", "└─", "old", "──┘ ORG"]
