import hashlib
import json
import os
import shlex
import subprocess
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Callable, Dict, Iterator, List, Tuple

import pytest

from locate_label_allennlp.data.corpus import fetching
from locate_label_allennlp.data.corpus.fetching import PublicCorpus, PublicFile, public_corpora
from locate_label_allennlp.data.formats import BratFormat, JsonlFormat
from tests.allennlp_command import ALLENNLP
from tests.configs import config

Outcome = Tuple[int, str, str]
Corpus = Callable[..., Outcome]


@pytest.fixture
def corpus(allennlp: Corpus) -> Corpus:
    """Runs `allennlp corpus`; returns the exit status, stdout and stderr."""
    return partial(allennlp, "corpus")


@pytest.fixture
def train(fixtures: Path) -> Path:
    return fixtures / "quickstart" / "train.jsonl"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.jsonl"
    lines = ['{"tokens": ["a"], "entities": [{"start": 0, "end": 2, "type": "X"}]}', "{", "[]"]
    path.write_text("\n".join(lines))
    return path


def is_one_line(text: str) -> bool:
    return text.endswith("\n") and text.count("\n") == 1


def test_validate_a_sound_corpus(corpus: Corpus, train: Path) -> None:
    assert corpus("validate", train) == (
        0,
        "0 errors, 0 notes in 1 file: 1,500 sentences, 17,798 tokens, 3,554 entities read\n",
        "",
    )


def test_validate_prints_every_problem(corpus: Corpus, broken: Path, train: Path) -> None:
    before = broken.read_bytes()
    status, out, err = corpus("validate", broken, train, broken.with_name("none"))
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert [line.split(": ")[:2] for line in lines[:-1]] == [
        [f"{broken}:1", "error"],
        [f"{broken}:2", "error"],
        [f"{broken}:3", "error"],
        [str(broken.with_name("none")), "error"],
    ]
    assert lines[-1].startswith("4 errors, 0 notes in 3 files: 1,501 sentences,")
    assert broken.read_bytes() == before


def test_validate_types(corpus: Corpus, train: Path) -> None:
    every = "PER,ORG, PLACE,VESSEL,DEVICE,EVENT"
    assert corpus("validate", train, "--types", every)[0] == 0
    status, out, _ = corpus("validate", train, "--types", "PER,ORG,PLACE,VESSEL,DEVICE")
    assert status == 1
    assert f"{train}:" in out
    assert "has the type 'EVENT'; allowed are 'DEVICE', 'ORG', 'PER', 'PLACE', 'VESSEL'" in out


def test_stats(corpus: Corpus, train: Path) -> None:
    status, out, err = corpus("stats", train)
    assert (status, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    # The figures of fixtures/quickstart/README.md.
    for line in [
        "train.jsonl",
        "documents 275",
        "sentences 1,500",
        "tokens 17,798",
        "entities 3,554",
        "1-4 2,804 78.9%",
        "5-9 532 15.0%",
        "10+ 218 6.1%",
        "inside a larger entity 1,173 33.0%",
        "sentences with nesting 634 42.3%",
        "pairs that cross 0",
    ]:
        assert line in lines
    assert [line for line in lines if line.startswith("at depth")][-1].startswith("at depth 5 ")


def test_stats_of_several_files_as_json(corpus: Corpus, train: Path, tmp_path: Path) -> None:
    dev, target = train.with_name("dev.jsonl"), tmp_path / "counts.json"
    status, out, _ = corpus("stats", train, dev, train, "--json", target)
    assert status == 0
    assert out.splitlines()[0].split() == ["train.jsonl", "dev.jsonl", "all", "2", "files"]
    counts = json.loads(target.read_text("utf-8"))
    assert list(counts["files"]) == [str(train), str(dev)]
    assert counts["files"][str(dev)]["entities"] == 702
    assert counts["all"]["sentences"] == 1800
    assert corpus("stats", train, dev, "--json", "-") == (0, target.read_text("utf-8"), "")


def test_convert_there_and_back(corpus: Corpus, train: Path, tmp_path: Path) -> None:
    columns, back, again = tmp_path / "a.iob2", tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    counts = "275 documents, 1,500 sentences, 3,554 entities\n"
    to_columns = ("--to-format", '{"type": "columns", "pos_column": 1}')
    assert corpus("convert", train, columns, *to_columns) == (0, f"{columns}: {counts}", "")
    from_columns = ("--from-format", '{"type": "columns", "pos_column": 1}')
    assert corpus("convert", columns, back, *from_columns) == (0, f"{back}: {counts}", "")
    assert corpus("convert", back, again) == (0, f"{again}: {counts}", "")
    assert back.read_bytes() == again.read_bytes()
    for name in ("tokens", "pos", "entities"):
        given, found = (
            [
                part[name]
                for line in path.read_text("utf-8").splitlines()
                for item in [json.loads(line)]
                # Documents that lost their names are kept together in one line.
                for part in item.get("sentences", [item])
            ]
            for path in (train, back)
        )
        assert found == given


def test_predictions_become_a_corpus_again(corpus: Corpus, fixtures: Path, tmp_path: Path) -> None:
    brat, predictions = fixtures / "formats" / "brat", tmp_path / "predictions.jsonl"
    lines = []
    for document in BratFormat().read(str(brat)):
        found = [
            {"type": entity.type, "score": 0.5, "text": "", "sentence": number}
            | {"start": entity.start, "end": entity.end, "fragments": entity.fragments}
            for number, sentence in enumerate(document.sentences)
            for entity in sentence.entities
        ]
        sentences = [sentence.words for sentence in document.sentences]
        record = {"doc_id": document.doc_id, "text": document.text, "sentences": sentences}
        lines.append(json.dumps(record | {"entities": found}))
    predictions.write_text("\n".join(lines), "utf-8")
    for name in ("brat", "jsonl", "columns"):
        source = fixtures / "formats" / "predictions.jsonl" if name == "columns" else predictions
        status, _, err = corpus("convert", source, tmp_path / name, "--to-format", name)
        assert (status, err) == (0, "")
    given, found = (sorted(path.rglob("*.*")) for path in (brat, tmp_path / "brat"))
    pairs = {str(path.relative_to(brat)): path for path in given if path.stem != "notes"}
    assert list(pairs) == [str(path.relative_to(tmp_path / "brat")) for path in found]
    for written, original in zip(found, pairs.values(), strict=True):
        lines = [
            sorted(
                line.partition("\t")[2] if line.startswith("T") else line
                for line in path.read_text("utf-8").splitlines()
                if not line.startswith(("R", "#")) or path.suffix == ".txt"
            )
            for path in (written, original)
        ]
        assert lines[0] == lines[1]
    read = [list(JsonlFormat().read(str(path))) for path in (predictions, tmp_path / "jsonl")]
    assert [(d.doc_id, d.text) for d in read[0]] == [(d.doc_id, d.text) for d in read[1]]
    rows = (tmp_path / "columns").read_text("utf-8").splitlines()
    assert rows[2:4] == ["Old\tB-PLACE\tO", "Tarn\tI-PLACE\tO"]


def test_convert_leaves_nothing_half_written(
    corpus: Corpus, broken: Path, tmp_path: Path, train: Path
) -> None:
    target = tmp_path / "out.jsonl"
    both = tmp_path / "both.jsonl"
    both.write_bytes(train.read_bytes() + broken.read_bytes())
    status, out, err = corpus("convert", both, target)
    assert (status, out) == (1, "")
    assert err.startswith(f"allennlp corpus convert: error: {both}:1501: entity 'X'")
    assert is_one_line(err)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["both.jsonl", "broken.jsonl"]


def test_existing_files_are_kept(corpus: Corpus, train: Path, tmp_path: Path) -> None:
    target = tmp_path / "dev.jsonl"
    target.write_text("before")
    for arguments in (["convert", train, target], ["split", train, "--output", tmp_path]):
        status, out, err = corpus(*arguments)
        assert (status, out) == (1, "")
        assert (
            err
            == f"allennlp corpus {arguments[0]}: error: {target} exists; --force overwrites it\n"
        )
        assert [path.name for path in tmp_path.iterdir()] == ["dev.jsonl"]
        assert target.read_text() == "before"
    assert corpus("split", train, "--output", tmp_path, "--force")[0] == 0
    assert corpus("convert", train, target, "--force")[0] == 0
    assert len(target.read_text("utf-8").splitlines()) == 1500


def test_split(corpus: Corpus, train: Path, tmp_path: Path) -> None:
    status, out, err = corpus("split", train, "--output", tmp_path / "a")
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["documents", "sentences", "share", "entities", "fingerprint"]
    assert [row[0] for row in rows[1:]] == [
        str(tmp_path / "a" / f"{part}.jsonl") for part in ("train", "dev", "test")
    ]
    assert sum(int(row[1]) for row in rows[1:]) == 275
    assert [row[3] for row in rows[1:]] == ["79.9%", "9.9%", "10.1%"]
    ids = []
    for row in rows[1:]:
        lines = Path(row[0]).read_text("utf-8").splitlines()
        assert f"{len(lines):,}" == row[2]
        ids.append({json.loads(line)["doc_id"] for line in lines})
    assert len(set.union(*ids)) == sum(map(len, ids)) == 275
    again = corpus("split", train, "--output", tmp_path / "b")[1]
    assert [line.split()[-1] for line in again.splitlines()] == [row[-1] for row in rows]
    other = corpus("split", train, "--output", tmp_path / "c", "--seed", "14")[1]
    assert not {line.split()[-1] for line in other.splitlines()[1:]} & {row[-1] for row in rows}


def test_no_document_is_split_in_two(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    ids = ["a", "a", "b", "a"]
    path.write_text("\n".join(json.dumps({"tokens": ["x"], "doc_id": each}) for each in ids))
    status, out, err = corpus("split", path, "--output", tmp_path / "new")
    assert (status, out) == (1, "")
    assert "has 2 documents for 3 parts" in err
    assert "no document is split in two" in err
    assert is_one_line(err)
    assert list(tmp_path.iterdir()) == [path]


def _mistakes() -> List[Tuple[List[str], int, str]]:
    return [
        ([], 2, "required: COMMAND"),
        (["stats"], 2, "required: FILE"),
        (["count", "x"], 2, "invalid choice: 'count'"),
        (["split", "x"], 2, "required: --output"),
        (["stats", "none.jsonl"], 1, "corpus stats: error: none.jsonl: no such file"),
        (["stats", "x", "--format", "conll"], 1, "no format 'conll'; allowed are"),
        (["validate", "x", "--format", "{"], 1, "is not JSON"),
        (["convert", "none", "y.jsonl"], 1, "corpus convert: error: none: no such file"),
        (["convert", "x", "y"], 1, "y: the ending does not tell the format to write"),
        (["convert", "x", "y", "--to-format", "genia_xml"], 1, "cannot be written"),
        (["split", "x", "--output", "y", "--parts", "a=0.5,b=0.4"], 1, "sum to 0.9"),
        (["split", "none", "--output", "y"], 1, "none: no such file"),
        (["split", "x", "--output", "x"], 1, "x is a file; allowed is a folder, which may be new"),
        (["convert", "x", "no/y.jsonl"], 1, "no/y.jsonl: cannot be written: there is no folder no"),
        (["convert", "x", "no/y", "--to-format", "brat"], 1, "there is no folder no"),
        (["convert", "x", ".", "--to-format", "jsonl"], 1, ".: is a folder; allowed is the name"),
        (["convert", "x", ".", "--to-format", "brat"], 1, ".: is there already; allowed is a new"),
        (["compare", "x"], 2, "required: B"),
        (["compare", "x", "none"], 1, "corpus compare: error: none: no such file"),
        (["compare", "x", "x", "--differences", "-1"], 1, "--differences is -1; allowed is >= 0"),
        (["compare", "x", "x", "--b-format", "conll"], 1, "no format 'conll'; allowed are"),
        (["stats", "x", "--json", "."], 1, ".: is a folder; allowed is the name of a file"),
        (["stats", "x", "--format", "brat"], 1, "x: is no brat; allowed are a folder, an archive"),
        (
            ["stats", "x", "--format", '{"type": "no"}'],
            1,
            "no format 'no'; allowed are auto, ace, brat",
        ),
        (["stats", "x", "--format", '{"type": "columns", "pos": 1}'], 1, "'pos': 1}; allowed are"),
    ]


@pytest.mark.parametrize(("arguments", "status", "message"), _mistakes())
def test_mistakes_are_one_line(
    corpus: Corpus,
    arguments: List[str],
    status: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").write_text('{"tokens": ["a"]}\n')
    found, out, err = corpus(*arguments)
    assert (found, out) == (status, "")
    assert message in err
    # argparse prints how the command is used before the error.
    assert status == 2 or is_one_line(err)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_an_empty_file_is_said(corpus: Corpus, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    status, out, err = corpus("validate", empty)
    assert (status, err) == (1, "")
    assert out.startswith(f"{empty}: error: has no sentences\n")
    for command, *others in (["stats"], ["convert", tmp_path / "a.jsonl"], ["split", "--output"]):
        more = [tmp_path / "parts"] if command == "split" else []
        status, out, err = corpus(command, empty, *others, *more)
        assert (status, out) == (1, "")
        assert err == f"allennlp corpus {command}: error: {empty}: has no sentences\n"
        assert list(tmp_path.iterdir()) == [empty]


def test_compare(corpus: Corpus, fixtures: Path, tmp_path: Path) -> None:
    gold, other = fixtures / "formats" / "label_studio.json", tmp_path / "other.jsonl"
    lines = (fixtures / "formats" / "doccano.jsonl").read_text("utf-8").splitlines()
    # In another order, and with another type.
    other.write_text("\n".join(lines[::-1]).replace("ROLE", "PER"), "utf-8")
    scores = tmp_path / "scores.json"
    status, out, err = corpus("compare", gold, other, "--json", scores)
    assert (status, err) == (0, "")
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "A B both precision recall F1",
        "all 3 3 2 66.7 66.7 66.7",
        "PLACE 2 2 2 100.0 100.0 100.0",
        "ROLE 1 0 0 0.0 0.0 0.0",
        "PER 0 1 0 0.0 0.0 0.0",
        "boundaries 3 3 3 100.0 100.0 100.0",
        "",
        "1 sentence with differences",
        f"{gold}:1 | {other}:2: The mayor of Old Tarn slept .",
        "- ROLE 'The mayor of Old Tarn'",
        "+ PER 'The mayor of Old Tarn'",
    ]
    told = json.loads(scores.read_text())
    assert told["all"] == {
        **dict.fromkeys(("precision", "recall", "f1"), pytest.approx(2 / 3)),
        **{"a": 3, "b": 3, "both": 2},
    }
    assert told["differences"][0]["only_a"][0]["type"] == "ROLE"
    out = corpus("compare", gold, other, "--differences", 0)[1]
    assert out.endswith("1 sentence with differences\n... and 1 more; --differences 1 prints all\n")
    assert " 0 sentences with differences" in corpus("compare", gold, gold)[1].replace("\n", " ")


def test_compare_other_texts(corpus: Corpus, fixtures: Path, train: Path, tmp_path: Path) -> None:
    other = tmp_path / "one.jsonl"
    other.write_text((fixtures / "formats" / "doccano.jsonl").read_text("utf-8").splitlines()[0])
    gold = fixtures / "formats" / "doccano.jsonl"
    status, out, err = corpus("compare", gold, other, "--json", tmp_path / "scores.json")
    assert (status, out) == (1, "")
    assert f"corpus compare: error: {gold}:2: the text 'Visby " in err
    assert f"is not in {other}; allowed are two annotations of the same texts" in err
    assert is_one_line(err)
    assert [path.name for path in tmp_path.iterdir()] == ["one.jsonl"]


@pytest.mark.parametrize("command", ["validate", "stats", "convert", "split", "compare"])
def test_help_reads_as_documentation(corpus: Corpus, command: str) -> None:
    status, out, _ = corpus(command, "--help")
    assert status == 0
    assert "FORMAT is the registered name of a format" in out
    assert max(map(len, out.splitlines())) <= 100
    assert f"    {command} " in corpus("--help")[1]


def test_in_processes_of_their_own(
    broken: Path, fixtures: Path, train: Path, tmp_path: Path
) -> None:
    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [ALLENNLP, "corpus", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "OMP_NUM_THREADS": "1", "ALLENNLP_LOG_LEVEL": "ERROR"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "Traceback" not in done.stderr
        return done

    done = run("validate", train, broken)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.split(": ")[0] for line in lines[:-1]] == [f"{broken}:{n}" for n in (1, 2, 3)]
    assert lines[-1].startswith("3 errors, 0 notes in 2 files: 1,501 sentences,")
    done = run("convert", fixtures / "formats" / "predictions.jsonl", "b", "--to-format", "brat")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "b" / "raw.ann").read_text("utf-8").splitlines() == [
        "T1\tPLACE 0 9\tOld Tarn",
        "T2\tROLE 17 36\tThe keeper of Visby",
        "T3\tPLACE 31 36\tVisby",
    ]
    for arguments in (["stats", "none.jsonl"], ["convert", train, "no/folder.jsonl"]):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert is_one_line(done.stderr)


TEXT = "Old\tB-PLACE\nTarn\tI-PLACE\n"
HAREM = "é\tO\nTarn\tLOCAL\n\n" * 20
ANERCORP = "في O\nتارن B-LOC\n. O\n" * 20  # noqa: RUF001


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is served as a mirror, for a corpus `tarn` of one file."""
    file = PublicFile(
        "https://example.org/t.data", hashlib.sha256(TEXT.encode()).hexdigest(), "train.data"
    )
    tarn = PublicCorpus("Old Tarn", "CC0", "Vetrov (2020)", "data/tarn", ["go on"], [file])
    monkeypatch.setattr(fetching, "public_corpora", lambda: {"tarn": tarn})
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mirror" / "example.org"
    folder.mkdir(parents=True)

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

    handler = partial(Handler, directory=str(tmp_path / "mirror"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("MIRROR", f"http://127.0.0.1:{server.server_port}")
        yield folder
        server.shutdown()
        thread.join()


def test_fetch_into_the_folder_of_the_configs(corpus: Corpus, published: Path) -> None:
    (published / "t.data").write_text(TEXT, "utf-8")
    status, out, err = corpus("fetch", "tarn", "--mirror", os.environ["MIRROR"])
    assert (status, err) == (0, "")
    assert Path("data/tarn/train.data").read_text("utf-8") == TEXT
    assert out == ("Old Tarn\n\n1 file in data/tarn\nLicence: CC0\nCite: Vetrov (2020)\n\ngo on\n")
    other = corpus("fetch", "tarn", "--mirror", os.environ["MIRROR"], "--output", "elsewhere")
    assert Path("elsewhere/train.data").read_text("utf-8") == TEXT
    assert other[1].endswith(
        "The configs look for it in data/tarn, unless TRAIN, DEV and TEST are set.\n"
    )


def test_fetch_says_what_is_wrong_in_one_line(corpus: Corpus, published: Path) -> None:
    mirror = os.environ["MIRROR"]
    status, out, err = corpus("fetch", "tarn", "--mirror", mirror)
    assert (status, out) == (1, "")
    assert err.endswith(f"error: {mirror}/example.org/t.data: 404 File not found\n")
    (published / "t.data").write_text("another", "utf-8")
    status, out, err = corpus("fetch", "tarn", "--mirror", mirror)
    assert (status, out) == (1, "")
    assert "t.data: the sum (SHA-256) of train.data is " in err.splitlines()[-1]
    assert not list(Path("data").rglob("*.*"))
    status, out, err = corpus("fetch", "torn")
    assert (status, out) == (1, "")
    assert is_one_line(err)
    assert err.endswith("no corpus 'torn'; allowed are tarn\n")
    assert corpus("fetch", "list") == (0, "tarn       Old Tarn\n", "")


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("anercorp", {"ANERCorp": ANERCORP}),
        ("harem", {"corpus_First_HAREM.txt": HAREM, "corpus_miniHAREM.txt": HAREM}),
    ],
)
def test_what_fetch_says_to_do_next_makes_what_the_config_reads(
    name: str,
    files: Dict[str, str],
    corpus: Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = public_corpora()[name]
    assert {file.path for file in found.files} == files.keys()
    monkeypatch.chdir(tmp_path)
    Path(found.folder).mkdir(parents=True)
    for path, content in files.items():
        Path(found.folder, path).write_text(content, "utf-8")
    *commands, train = [shlex.split(line) for line in found.next]
    for command in commands:
        assert command[:2] == ["allennlp", "corpus"]
        assert corpus(*command[2:])[0] == 0
    settings = config(Path(train[2]).stem)
    for part in ("train", "validation", "test"):
        path = Path(settings[f"{part}_data_path"])
        assert path.parent == Path(found.folder)
        assert '"entities": [{' in path.read_text("utf-8")
