import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
from allennlp.commands import main
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.document import CorpusError
from tests.untrained import never_none, write_untrained

Draw = Callable[..., str]

FIRST, SECOND = ["Dr", "Torvik", "left"], ["Old", "Tarn", "sank", "."]


@pytest.fixture(scope="module")
def model(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of a training: untrained, and made to find an entity in every span."""
    folder = tmp_path_factory.mktemp("model")
    settings = {"decoder": {"type": "none", "score_threshold": 0.0}}
    return write_untrained(folder, fixtures, settings, never_none)


@pytest.fixture
def draw(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Draw:
    """What the command prints for lines of input, each a text or what JSON is made of."""

    def draw(*lines: Any, options: Any = (), encoding: str = "utf-8", by: str = "in.jsonl") -> str:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        content = "".join(f"{text}\n" for text in texts).encode(encoding)
        path = tmp_path / by
        if by == "-":
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        elif by.endswith(".gz"):
            path.write_bytes(gzip.compress(content))
        elif lines:
            path.write_bytes(content)
        arguments = [str(model), by if by == "-" else str(path), *options]
        monkeypatch.setattr(sys, "argv", ["allennlp", "draw-entities", *arguments])
        main(prog="allennlp")
        return capsys.readouterr().out

    return draw


def test_entities_stand_below_the_words_of_their_sentence(draw: Draw) -> None:
    first, second = draw("Dr Torvik left.\n\nOld Tarn sank.").strip("\n").split("\n\n")
    assert first.splitlines()[0] == "Dr Torvik left ."
    assert second.splitlines()[0] == "Old Tarn sank ."
    for drawing in (first, second):
        assert all(set("└┘") & set(line) for line in drawing.splitlines()[1:-1])
        assert len(drawing.splitlines()) > 2


def test_every_shape_of_a_document_is_drawn_sentence_by_sentence(draw: Draw) -> None:
    shapes = [
        {"document": [FIRST, SECOND]},
        {"sentences": [FIRST, SECOND]},
        {"sentences": [{"tokens": FIRST}, {"tokens": SECOND}]},
        {"document": "7", "sentences": [FIRST, SECOND]},
    ]
    apart = draw({"tokens": FIRST}, {"sentence": SECOND})
    assert draw(*shapes) == apart * len(shapes)
    assert apart.startswith("Dr Torvik left\n")
    assert "\n\nOld Tarn sank .\n" in apart


def test_what_has_no_words_is_passed_over(draw: Draw) -> None:
    empty = [{"text": ""}, {"text": " "}, {"tokens": []}, {"document": []}, ""]
    assert draw(*empty, {"tokens": FIRST}) == draw({"tokens": FIRST})


@pytest.mark.parametrize("by", ["in.jsonl", "in.jsonl.gz", "-"])
def test_files_and_stdin_may_begin_with_a_byte_order_mark(by: str, draw: Draw) -> None:
    drawn = draw({"tokens": FIRST}, "Köln", encoding="utf-8-sig", by=by)
    assert drawn.startswith("Dr Torvik left\n")
    assert "\n\nKöln\n" in drawn


def test_the_options_say_how_text_is_split_and_how_wide_it_is_drawn(draw: Draw) -> None:
    assert draw("Das ist z.B. so.", options=["--language", "de"]).startswith("Das ist z.B. so .\n")
    assert draw("ab c", options=["--words", "characters"]).startswith("a b c\n")
    assert draw({"tokens": FIRST}, options=["--width", "6"]).startswith("Dr\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"tokens": ', r"in\.jsonl:2: an input line is not JSON"),
        ({"txt": "a"}, r"in\.jsonl:2: a line is a JSON object with"),
        (
            {"document": [["a"]], "sentences": [["b"]]},
            r"in\.jsonl:2: has 'sentences' and 'document'; allowed is one of them",
        ),
        ({"document": [["a"], []]}, r"in\.jsonl:2: an input has a sentence with no words"),
        ("K\xf6ln", r"in\.jsonl:2: is not UTF-8"),
    ],
)
def test_a_bad_line_is_named(line: Any, message: str, draw: Draw) -> None:
    with pytest.raises(CorpusError, match=message):
        draw({"tokens": FIRST}, line, encoding="latin-1")


def test_a_text_file_is_one_document_unless_told(draw: Draw) -> None:
    lines = ("Dr Torvik", "left Tarn.")
    assert draw(*lines, by="in.txt").startswith("Dr Torvik left Tarn .\n")
    assert draw(*lines, by="in.txt", options=["--lines"]).startswith("Dr Torvik\n")
    assert draw(*lines, by="-", options=["--whole-files"]).startswith("Dr Torvik left Tarn .\n")


def test_overrides_change_the_model(draw: Draw) -> None:
    strict = '{"model.decoder.score_threshold": 1.0}'
    assert draw({"tokens": FIRST}, options=["-o", strict]) == "Dr Torvik left\n\n"


def test_a_page_instead(draw: Draw, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert draw({"tokens": FIRST}, options=["--html", str(page)]) == ""
    content = page.read_text("utf-8")
    assert content.count("Torvik") == 1
    assert "in.jsonl</title>" in content


def test_in_a_terminal_a_bar_counts_the_inputs_of_a_page(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    draw("a", "b")
    assert terminal.getvalue() == ""
    draw("a", "b", options=["--html", str(tmp_path / "page.html")])
    assert "predicting: 100%" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()


def test_a_file_that_is_missing_is_an_error_of_one_line(draw: Draw, model: Path) -> None:
    with pytest.raises(CorpusError, match=r"in\.jsonl: no such file"):
        draw()
    (model / "config.json").rename(model / "aside.json")
    try:
        with pytest.raises(
            ConfigurationError, match=f"{model} cannot be loaded: the folder has no config"
        ):
            draw("a")
    finally:
        (model / "aside.json").rename(model / "config.json")
