"""The quickstart corpus is what its README says; knowing the training set by heart is no help."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).resolve().parent.parent / "fixtures" / "quickstart"
SPLITS = ("train", "dev", "test")
TYPES = {"PER", "ORG", "PLACE", "VESSEL", "DEVICE", "EVENT"}

Record = dict[str, Any]
Span = tuple[int, int, str]


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Record]]:
    """The records of each split."""
    return {
        split: [json.loads(line) for line in (CORPUS / f"{split}.jsonl").open(encoding="utf-8")]
        for split in SPLITS
    }


def spans(record: Record) -> list[Span]:
    return [(entity["start"], entity["end"], entity["type"]) for entity in record["entities"]]


def lengths(records: list[Record]) -> list[int]:
    return [end - start for record in records for start, end, _ in spans(record)]


def surfaces(records: list[Record]) -> list[str]:
    return [" ".join(r["tokens"][start:end]) for r in records for start, end, _ in spans(r)]


def depth(record: Record) -> int:
    return max(
        sum(start <= i < end for start, end, _ in spans(record))
        for i in range(len(record["tokens"]))
    )


def inner(record: Record) -> int:
    """The number of entities that lie inside another."""
    found = [(start, end) for start, end, _ in spans(record)]
    return sum(any(s <= a and b <= e and (s, e) != (a, b) for s, e in found) for a, b in found)


def f1(records: list[Record], guesses: list[set[Span]]) -> float:
    """Strict micro F1."""
    gold = [set(spans(record)) for record in records]
    hits = sum(len(g & p) for g, p in zip(gold, guesses, strict=True))
    return 2 * hits / (sum(map(len, gold)) + sum(map(len, guesses)))


def readme_row(split: str, records: list[Record]) -> str:
    """The row of the README's table of counts."""
    sizes, count = lengths(records), len(records)
    cells = [
        split,
        len({record["doc_id"] for record in records}),
        count,
        sum(len(record["tokens"]) for record in records),
        len(sizes),
        f"{sum(depth(record) > 1 for record in records) / count:.1%}",
        f"{sum(map(inner, records)) / len(sizes):.1%}",
        max(map(depth, records)),
        sum(size <= 4 for size in sizes),
        sum(5 <= size <= 9 for size in sizes),
        sum(size >= 10 for size in sizes),
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


def test_generator_writes_the_files_in_the_repository(tmp_path: Path) -> None:
    command = [sys.executable, "-B", str(CORPUS / "generate.py"), "--folder", str(tmp_path)]
    subprocess.run(command, check=True, timeout=60)
    names = {f"{split}.jsonl" for split in SPLITS} | {"raw.txt"}
    assert {path.name for path in tmp_path.iterdir()} == names
    for name in sorted(names):
        # apart from the assertion, for pytest would take minutes to show the difference
        same = (tmp_path / name).read_bytes() == (CORPUS / name).read_bytes()
        assert same, f"{name} is not what generate.py writes"


@pytest.mark.parametrize("split", SPLITS)
def test_records_are_well_formed(corpus: dict[str, list[Record]], split: str) -> None:
    for record in corpus[split]:
        found, size = spans(record), len(record["tokens"])
        assert len(record["pos"]) == size
        assert all(0 <= start < end <= size for start, end, _ in found)
        assert {label for _, _, label in found} <= TYPES
        assert found == sorted(found)
        assert len({(start, end) for start, end, _ in found}) == len(found), "two types on a span"
        assert not any(a < c < b < d for a, b, _ in found for c, d, _ in found), "crossing"
        assert size == 1 or 4 <= size <= 45


@pytest.mark.parametrize("split", SPLITS)
def test_counts(corpus: dict[str, list[Record]], split: str) -> None:
    records = corpus[split]
    assert readme_row(split, records) in (CORPUS / "README.md").read_text(encoding="utf-8")
    sizes, depths = lengths(records), [depth(record) for record in records]
    assert 0.06 <= sum(size >= 10 for size in sizes) / len(sizes) <= 0.08
    assert 0.03 <= sum(size > 10 for size in sizes) / len(sizes) <= 0.05
    assert max(sizes) == 20
    assert sum(d >= 3 for d in depths) / len(records) >= 0.08
    assert 0.05 <= sum(d == 0 for d in depths) / len(records) <= 0.2
    assert 0.35 <= sum(d >= 2 for d in depths) / len(records) <= 0.5
    assert any(len(record["tokens"]) == 1 for record in records)


def test_training_set_has_entities_of_each_length_and_type(
    corpus: dict[str, list[Record]],
) -> None:
    assert set(lengths(corpus["train"])) == set(range(1, 21))
    assert {label for record in corpus["train"] for _, _, label in spans(record)} == TYPES


def test_training_set_nests_each_type_in_itself_or_another(
    corpus: dict[str, list[Record]],
) -> None:
    pairs = {
        (outer, label)
        for record in corpus["train"]
        for s, e, outer in spans(record)
        for a, b, label in spans(record)
        if s <= a and b <= e and (s, e) != (a, b)
    }
    assert {(label, label) for label in TYPES} <= pairs
    assert len(pairs) > 20


def test_documents_are_whole_and_in_one_split(corpus: dict[str, list[Record]]) -> None:
    seen: set[str] = set()
    for records in corpus.values():
        order = [record["doc_id"] for record in records]
        counts = Counter(order)
        assert order == [doc for doc, count in counts.items() for _ in range(count)], "consecutive"
        assert min(counts.values()) >= 3
        assert max(counts.values()) <= 8
        assert not seen & set(counts)
        seen |= set(counts)
    ids = [record["sent_id"] for records in corpus.values() for record in records]
    assert len(ids) == len(set(ids))


def test_no_long_sentence_is_in_two_splits(corpus: dict[str, list[Record]]) -> None:
    """Short ones without a name may be."""
    texts = {
        split: {" ".join(r["tokens"]) for r in records if len(r["entities"]) > 1}
        for split, records in corpus.items()
    }
    assert not texts["train"] & (texts["dev"] | texts["test"])
    assert not texts["dev"] & texts["test"]


@pytest.mark.parametrize("split", ["dev", "test"])
def test_most_entities_and_names_are_new(corpus: dict[str, list[Record]], split: str) -> None:
    known = set(surfaces(corpus["train"]))
    found = surfaces(corpus[split])
    assert sum(surface not in known for surface in found) / len(found) >= 0.85
    words = {word for record in corpus["train"] for word in record["tokens"]}
    names = {
        word
        for record in corpus[split]
        for word, tag in zip(record["tokens"], record["pos"], strict=True)
        if tag == "PROPN"
    }
    assert sum(name not in words for name in names) / len(names) >= 0.7


def test_gazetteer_of_the_training_set_fails(corpus: dict[str, list[Record]]) -> None:
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for record in corpus["train"]:
        for start, end, label in spans(record):
            votes[" ".join(record["tokens"][start:end])][label] += 1
    guesses = []
    for record in corpus["test"]:
        tokens = record["tokens"]
        guess: set[Span] = set()
        for start in range(len(tokens)):
            for end in range(start + 1, min(start + 20, len(tokens)) + 1):
                surface = " ".join(tokens[start:end])
                if surface in votes:
                    guess.add((start, end, votes[surface].most_common(1)[0][0]))
        guesses.append(guess)
    score = f1(corpus["test"], guesses)
    print(f"gazetteer F1 {score:.3f}")
    assert score < 0.25


def test_capital_letters_and_the_commonest_type_fail(corpus: dict[str, list[Record]]) -> None:
    labels = Counter(label for record in corpus["train"] for _, _, label in spans(record))
    majority = labels.most_common(1)[0][0]
    guesses = []
    for record in corpus["test"]:
        capital = [token[0].isupper() for token in record["tokens"]] + [False]
        guess: set[Span] = set()
        start = None
        for i, is_capital in enumerate(capital):
            if is_capital and start is None:
                start = i
            elif not is_capital and start is not None:
                guess.add((start, i, majority))
                start = None
        guesses.append(guess)
    score = f1(corpus["test"], guesses)
    typed = [label == majority for record in corpus["test"] for _, _, label in spans(record)]
    print(f"capitals F1 {score:.3f}; {majority} is right for {sum(typed) / len(typed):.3f}")
    assert score < 0.3
    assert sum(typed) / len(typed) < 0.4


def test_raw_text_is_none_of_the_sentences(corpus: dict[str, list[Record]]) -> None:
    lines = (CORPUS / "raw.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 8
    assert not any(mark in line for line in lines for mark in (" .", " ,", " '"))
    squeezed = [line.replace(" ", "") for line in lines]
    for records in corpus.values():
        for record in records:
            if record["entities"] and len(record["tokens"]) > 1:
                assert not any("".join(record["tokens"]) in line for line in squeezed)
