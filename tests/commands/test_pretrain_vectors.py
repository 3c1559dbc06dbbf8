import sys
from pathlib import Path
from typing import Callable, Tuple

import pytest
from allennlp.commands import main

Outcome = Tuple[int, str, str]
Pretrain = Callable[..., Outcome]


@pytest.fixture
def pretrain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Pretrain:
    """Runs `allennlp pretrain-vectors`; returns the exit status, stdout and stderr."""

    def pretrain(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["allennlp", "pretrain-vectors", *map(str, arguments)])
        status = 0
        try:
            main(prog="allennlp")
        except SystemExit as exit:
            status = exit.code if isinstance(exit.code, int) else int(exit.code is not None)
        out, err = capsys.readouterr()
        return status, out, err

    return pretrain


@pytest.fixture
def corpus(fixtures: Path) -> Path:
    return fixtures / "formats" / "nested.jsonl"


SMALL = ("--dimension", 5, "--epochs", 2)


def test_two_corpora(pretrain: Pretrain, corpus: Path, fixtures: Path, tmp_path: Path) -> None:
    target = tmp_path / "vectors.txt"
    other = fixtures / "formats" / "inner_first.iob2"
    status, out, err = pretrain(corpus, other, "--output", target, *SMALL)
    assert (status, err) == (0, "")
    lines = target.read_text("utf-8").splitlines()
    number, dimension = map(int, lines[0].split())
    assert (number, dimension) == (len(lines) - 1, 5)
    assert out.startswith(f"{target}: {number} vectors of 5 numbers from ")
    words = {line.split(" ")[0] for line in lines[1:]}
    assert {"tarn", "silence"} <= words
    assert "Tarn" not in words
    assert all(len(line.split(" ")) == 6 for line in lines[1:])


def test_the_same_corpus_gives_the_same_file(
    pretrain: Pretrain, corpus: Path, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("a.txt", "b.txt", "c.txt")]
    for path, seed in zip(files, (1, 1, 2), strict=True):
        assert pretrain(corpus, "--output", path, "--seed", seed, *SMALL)[0] == 0
    first, second, other = (path.read_bytes() for path in files)
    assert first == second != other


def test_case_is_kept_on_demand(pretrain: Pretrain, corpus: Path, tmp_path: Path) -> None:
    target = tmp_path / "vectors.txt"
    assert pretrain(corpus, "--output", target, "--keep-case", *SMALL)[0] == 0
    words = {line.split(" ")[0] for line in target.read_text("utf-8").splitlines()[1:]}
    assert {"The", "the", "Tarn"} <= words


def test_an_existing_file_is_kept(pretrain: Pretrain, corpus: Path, tmp_path: Path) -> None:
    target = tmp_path / "vectors.txt"
    target.write_text("before")
    with pytest.raises(Exception, match=r"vectors\.txt exists; --force overwrites it"):
        pretrain(corpus, "--output", target, *SMALL)
    assert target.read_text() == "before"
    assert pretrain(corpus, "--output", target, "--force", *SMALL)[0] == 0
    assert target.read_text() != "before"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.jsonl"], "none.jsonl: no such file"),
        (["CORPUS", "--format", "conll"], "no format 'conll'; allowed are"),
        (["CORPUS", "--dimension", 0], "dimension is 0; allowed is >= 1"),
        (["CORPUS", "--min-count", 99], "no word occurs 99 times"),
    ],
)
def test_mistakes_leave_nothing_behind(
    pretrain: Pretrain, corpus: Path, arguments: list, message: str, tmp_path: Path
) -> None:
    arguments = [corpus if argument == "CORPUS" else argument for argument in arguments]
    with pytest.raises(Exception, match=message):
        pretrain(*arguments, "--output", tmp_path / "vectors.txt")
    assert list(tmp_path.iterdir()) == []
