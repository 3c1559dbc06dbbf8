import json
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest

from locate_label_allennlp.data.corpus.validation import Problem, Validation
from locate_label_allennlp.data.document import CorpusError, Document, Sentence
from locate_label_allennlp.data.formats import ColumnsFormat, CorpusFormat, JsonlFormat

Check = Callable[..., List[str]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Checks a file of these lines; returns its problems without the name of the file."""

    def check(lines: List[Any], format: Optional[CorpusFormat] = None, **options: Any) -> List[str]:
        path = tmp_path / "corpus"
        texts = [line if isinstance(line, (str, bytes)) else json.dumps(line) for line in lines]
        path.write_bytes(
            b"".join((text if isinstance(text, bytes) else text.encode()) + b"\n" for text in texts)
        )
        problems = Validation(format or JsonlFormat(), **options).problems(str(path))
        return [str(problem).removeprefix(str(path)) for problem in problems]

    return check


def entity(start: int, end: int, type: str = "X") -> Any:
    return {"start": start, "end": end, "type": type}


SOUND = {"tokens": ["a", "b", "c"], "entities": [entity(0, 3), entity(0, 1), entity(0, 1, "Y")]}


def test_a_sound_file_has_no_problems(check: Check) -> None:
    assert check([SOUND, SOUND]) == []


def test_every_problem_of_json_lines_has_its_line(check: Check) -> None:
    found = check(
        [
            SOUND,
            '{"tokens": [',
            {"tokens": ["a", " "], "entities": [entity(0, 3), entity(1, 1), entity(0, 1)]},
            {"tokens": []},
            [1],
            {"tokens": ["a", "b"], "entities": [entity(0, 1), entity(0, 1), {"start": 0}]},
            {"tokens": ["a", "b", "c"], "entities": [entity(0, 2), entity(1, 3, "Y")]},
            {"tokens": ["a"], "pos": []},
            b'{"tokens": ["caf\xe9"]}',
            {"tokens": ["a"], "entities": [entity(0, 2)]},
        ]
    )
    expected = [
        ":2: error: is not JSON",
        ":3: error: word 1 is ' '; a word is a non-empty text",
        ":3: error: entity 'X' from word 0 to 3 (exclusive) lies outside its sentence",
        ":3: error: entity 'X' from word 1 to 1 (exclusive) lies outside its sentence",
        ":4: note: sentences without words",
        ":5: error: a line is a JSON object",
        ":6: error: an entity has",
        ":6: error: entity 'X' from word 0 to 1 (exclusive) is there 2 times",
        ":7: note: X 'a b' (words 0 to 2, exclusive) and Y 'b c' (words 1 to 3, exclusive) cross",
        ":8: error: 0 parts of speech for 1 words",
        ":9: error: is not UTF-8",
        ":10: error: entity 'X' from word 0 to 2 (exclusive) lies outside its sentence",
        ': note: sentences or texts without "entities" (2 times)',
    ]
    assert len(found) == len(expected), found
    for line, beginning in zip(found, expected, strict=True):
        assert line.startswith(beginning)


def test_every_problem_of_columns_has_its_line(check: Check) -> None:
    lines = ["a\tB-X", "b\tI-Y", "c", "d\tX-Y", "", "\tO", "", "e\tB-", b"\xff\tO", "f\tI-X"]
    found = check(lines, ColumnsFormat())
    expected = [
        ":2: note: entities that begin with 'I-', taken as 'B-'",
        ":3: error: 1 columns where the lines before have 2",
        ":4: error: label 'X-Y'; allowed are",
        ":6: error: word 0 is ''; a word is a non-empty text",
        ":8: error: label 'B-'; allowed are",
        ":9: error: is not UTF-8",
        ":10: note: entities that begin with 'I-', taken as 'B-'",
    ]
    assert len(found) == len(expected), found
    for line, beginning in zip(found, expected, strict=True):
        assert line.startswith(beginning)


def test_the_same_entity_in_two_columns_is_no_mistake(check: Check) -> None:
    assert check(["a\tB-X\tB-X"], ColumnsFormat()) == []


def test_types_on_no_list(check: Check) -> None:
    assert check([SOUND], types={"X", "Y"}) == []
    assert check([SOUND], types={"Z", "X"}) == [
        ":1: error: entity from word 0 to 1 (exclusive) has the type 'Y'; allowed are 'X', 'Z'"
    ]


def test_documents_that_are_taken_up_again(check: Check) -> None:
    ids = ["a", "a", "b", "a", "a", "c", "b"]
    assert check([{"tokens": ["x"], "doc_id": each, "entities": []} for each in ids]) == [
        ":4: note: document 'a' is taken up again after others",
        ":7: note: document 'b' is taken up again after others",
    ]


@pytest.mark.parametrize("lines", [[], [""]])
def test_a_file_without_sentences(check: Check, lines: List[str]) -> None:
    assert check(lines) == [": error: has no sentences"]
    assert check(lines, ColumnsFormat()) == [": error: has no sentences"]


def test_the_same_of_the_same_place_is_said_once(check: Check) -> None:
    (problem,) = check(["a\tI-X\tI-Y"], ColumnsFormat())
    assert problem == ":1: note: entities that begin with 'I-', taken as 'B-' (2 times)"


def test_the_files_of_a_folder_are_kept_apart(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text('{}\n{"tokens": ["x"], "entities": []}\n{}\n')
    problems = Validation(JsonlFormat()).problems(str(tmp_path))
    places = [problem.place.removeprefix(f"{tmp_path}/") for problem in problems]
    assert places == ["a.jsonl:1", "a.jsonl:3", "b.jsonl:1", "b.jsonl:3"]


def test_a_missing_file(tmp_path: Path) -> None:
    (problem,) = Validation(JsonlFormat()).problems(str(tmp_path / "none"))
    assert problem.is_error
    assert "none: error: no such file" in str(problem)
    assert str(problem).endswith("; reading stopped there")


def test_a_format_that_cannot_read_on() -> None:
    class Stops(CorpusFormat):
        def read(self, path: str) -> Iterator[Document]:
            yield Document((Sentence(("a",), source="x:1"),))
            raise CorpusError("is bad", path, 2)

    validation = Validation(Stops())
    assert validation.problems("x") == [Problem("x:2", "is bad; reading stopped there")]
    assert validation.statistics.sentences == 1


def test_the_format_is_afterwards_as_it_was(check: Check, tmp_path: Path) -> None:
    format = JsonlFormat()
    assert check(["{"], format) != []
    with pytest.raises(CorpusError, match="is not JSON"):
        list(format.read(str(tmp_path / "corpus")))


def test_statistics_are_those_of_all_files(tmp_path: Path) -> None:
    validation = Validation(JsonlFormat())
    for name in ("a", "b"):
        (tmp_path / name).write_text(json.dumps(SOUND))
        validation.problems(str(tmp_path / name))
    assert (validation.statistics.sentences, validation.statistics.entities) == (2, 6)


def types_said(tmp_path: Path, counts: Dict[str, int], **options: Any) -> List[str]:
    validation = Validation(JsonlFormat(), **options)
    for number, (kind, count) in enumerate(counts.items()):
        path = tmp_path / str(number)
        line = json.dumps({"tokens": ["a"], "entities": [entity(0, 1, kind)]})
        path.write_text(f"{line}\n" * count)
        assert validation.problems(str(path)) == []
    return [str(each).removeprefix(f"{tmp_path}/") for each in validation.type_problems()]


def test_types_that_may_be_slips(tmp_path: Path) -> None:
    assert types_said(tmp_path, {"ORG": 40, "Org": 30, "ORGS": 2, "PLACE": 1}) == [
        "3:1: note: type 'PLACE' is seen once",
        "1:1: note: types 'Org' and 'ORG', seen 30 and 40 times, differ by case",
        "2:1: note: types 'ORGS' and 'ORG', seen 2 and 40 times, differ by one letter",
    ]


@pytest.mark.parametrize(
    "types",
    [
        {"DNA": 40, "RNA": 3},
        {"ORG1": 40, "ORG2": 2},
        {"ORG": 40, "OTH": 2},
        {"ORG": 40, "ORGAN": 2},
        {"ROLE": 40, "LORE": 2},
    ],
)
def test_types_that_are_none(tmp_path: Path, types: Dict[str, int]) -> None:
    assert types_said(tmp_path, types) == []


@pytest.mark.parametrize(
    ("left", "right"), [("PLACE", "PLCE"), ("PLACE", "PLAICE"), ("PLACE", "PLANE"), ("A", "AA")]
)
def test_what_one_letter_is(tmp_path: Path, left: str, right: str) -> None:
    for types in ({left: 40, right: 2}, {right: 40, left: 2}):
        (said,) = types_said(tmp_path, types)
        assert said.endswith("differ by one letter")


def test_types_on_a_list_are_no_slips(tmp_path: Path) -> None:
    assert types_said(tmp_path, {"ORG": 40, "Org": 1}, types={"ORG", "Org"}) == []
