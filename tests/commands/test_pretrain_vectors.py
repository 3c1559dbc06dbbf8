from pathlib import Path
from typing import Callable, Tuple

import pytest

AllenNlp = Callable[..., Tuple[int, str, str]]


@pytest.fixture
def corpus(fixtures: Path) -> Path:
    return fixtures / "formats" / "nested.jsonl"


SMALL = ("--dimension", 5, "--epochs", 2)


def test_two_corpora(allennlp: AllenNlp, corpus: Path, fixtures: Path, tmp_path: Path) -> None:
    target = tmp_path / "vectors.txt"
    other = fixtures / "formats" / "inner_first.iob2"
    status, out, err = allennlp("pretrain-vectors", corpus, other, "--output", target, *SMALL)
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
    allennlp: AllenNlp, corpus: Path, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("a.txt", "b.txt", "c.txt")]
    for path, seed in zip(files, (1, 1, 2), strict=True):
        assert (
            allennlp("pretrain-vectors", corpus, "--output", path, "--seed", seed, *SMALL)[0] == 0
        )
    first, second, other = (path.read_bytes() for path in files)
    assert first == second != other


def test_case_is_kept_on_demand(allennlp: AllenNlp, corpus: Path, tmp_path: Path) -> None:
    target = tmp_path / "vectors.txt"
    assert allennlp("pretrain-vectors", corpus, "--output", target, "--keep-case", *SMALL)[0] == 0
    words = {line.split(" ")[0] for line in target.read_text("utf-8").splitlines()[1:]}
    assert {"The", "the", "Tarn"} <= words


def test_an_existing_file_is_kept(allennlp: AllenNlp, corpus: Path, tmp_path: Path) -> None:
    target = tmp_path / "vectors.txt"
    target.write_text("before")
    with pytest.raises(Exception, match=r"vectors\.txt exists; --force overwrites it"):
        allennlp("pretrain-vectors", corpus, "--output", target, *SMALL)
    assert target.read_text() == "before"
    assert allennlp("pretrain-vectors", corpus, "--output", target, "--force", *SMALL)[0] == 0
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
    allennlp: AllenNlp, corpus: Path, arguments: list, message: str, tmp_path: Path
) -> None:
    arguments = [corpus if argument == "CORPUS" else argument for argument in arguments]
    with pytest.raises(Exception, match=message):
        allennlp("pretrain-vectors", *arguments, "--output", tmp_path / "vectors.txt")
    assert list(tmp_path.iterdir()) == []
