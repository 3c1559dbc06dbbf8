"""
Corpora that are nearly sound, for every format: a few sentences with entities, damaged in up to
three places. `python -m tests.data.formats.fuzz` reads 10,000 of each format, or as many as it is
told, and prints how many were read, refused, and what else became of them.

What must not become of any: a traceback, five seconds, an error of several lines, an entity that is
in the corpus, as counted here without the readers, and not in what was read, without a word.
"""

import argparse
import gzip
import io
import json
import logging
import os
import re
import shutil
import signal
import sys
import tarfile
import tempfile
import traceback
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from time import process_time
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import spacy
from allennlp.common import Params
from allennlp.common.util import import_module_and_submodules
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span

from locate_label_allennlp.data.document import CorpusError, Document
from locate_label_allennlp.data.formats import CorpusFormat, JsonlFormat
from locate_label_allennlp.predictors import NestedNerPredictor
from locate_label_allennlp.predictors.inputs import input_files, read_inputs
from locate_label_allennlp.serving.application import Refused, checked
from locate_label_allennlp.serving.settings import Settings

LONGEST_ERROR = 2_000
SECONDS = 5


@dataclass(frozen=True)
class Case:
    """
    A corpus and the format to read it in.

    # Parameters

    format : `dict`
    path : `str`
        What is read: one of the files, or the folder `.`.
    files : `dict`
    told : `int`, optional
        How many entities it has, if that is known, apart from those that are given twice. A reader
        that finds fewer has to say so.
    """

    format: dict[str, Any]
    path: str
    files: dict[str, bytes]
    told: int | None = field(default=None, compare=False)


class _Inputs:
    """What reads inputs, not a corpus. There is no model: it says how long a sentence may be."""

    on_error: Any = None
    on_note: Any = None

    def __init__(self) -> None:
        self._predictor = NestedNerPredictor.__new__(NestedNerPredictor)
        self._predictor._format = JsonlFormat()
        self._predictor._model = SimpleNamespace(refusal=lambda words: None)


class _Predictor(_Inputs):
    """Reads inputs as `predict` does, and echoes them."""

    def read(self, path: str) -> list[Document]:
        documents = []
        inputs = read_inputs(self._predictor, input_files(path), False, on_error=self.on_error)
        for item, document in inputs:
            self._predictor.dump_line(self._predictor.echo(item, document))
            documents.append(document)
        return documents


class _Server(_Inputs):
    """Takes a file as the body of a request, as `ner-serve` does before its model has a part."""

    def read(self, path: str) -> list[Document]:
        model: Any = SimpleNamespace(thresholds={"A": 0.5, "B": 0.5}, types=["A", "B"], floor=0.05)
        try:
            wanted = checked(Path(path).read_bytes(), model, Settings(max_chars=10_000))
            return [self._predictor.document({"text": text}) for text in wanted.all_texts]
        except (Refused, CorpusError) as error:
            raise CorpusError(str(error), path) from error


PREDICTS = {"type": "predictor"}
SERVES = {"type": "server"}


@cache
def _built(format: str) -> Any:
    kind = json.loads(format)
    if kind in (PREDICTS, SERVES):
        return _Predictor() if kind == PREDICTS else _Server()
    return CorpusFormat.from_params(Params(kind))


GOOD = ("read", "read with a word", "refused")
BAD = ("crashes", "hangs over 5 s", "errors that are no clean line", "losses without a word")


@dataclass(frozen=True)
class Outcome:
    kind: str
    detail: str = ""


# What is said while a corpus is read.


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class _Hang(BaseException):
    pass


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    def stop(number: int, frame: Any) -> None:
        raise _Hang

    # Of the processor, whatever else the machine does.
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def outcome(case: Case, folder: Path) -> Outcome:
    """What becomes of a case, written into a folder and read as training and as `validate` do."""
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    for name, content in case.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    path = str(folder if case.path == "." else folder / case.path)
    begun = process_time()
    try:
        with _limited(SECONDS):
            result = _read(case, path)
            strict = _read(case, path, collects=True)
    except _Hang:
        return Outcome("hangs over 5 s")
    except Exception:
        return Outcome("crashes", traceback.format_exc())
    if process_time() - begun > SECONDS:
        return Outcome("hangs over 5 s")
    unclean = [each for each in (result, strict) if each.kind in BAD]
    if unclean:
        return unclean[0]
    if result.kind != "read" and strict.kind == "read":
        return Outcome("losses without a word", f"validate does not tell of: {result.detail}")
    return result


def _read(case: Case, path: str, collects: bool = False) -> Outcome:
    told: list[str] = []
    format = _built(json.dumps(case.format))
    format.on_error = format.on_note = None
    if collects:
        format.on_error = format.on_note = lambda problem: told.append(str(problem))
    heard, logger = _Heard(), logging.getLogger("locate_label_allennlp")
    logger.addHandler(heard)
    try:
        documents = list(format.read(path))
    except CorpusError as error:
        message = str(error)
        clean = len(message.splitlines()) == 1 and len(message) <= LONGEST_ERROR
        if not clean or os.path.dirname(path) not in message:
            return Outcome("errors that are no clean line", message[:3_000])
        return Outcome("refused", message)
    finally:
        logger.removeHandler(heard)
    told += [record.getMessage() for record in heard.records]
    long = [each for each in told if len(each.splitlines()) != 1 or len(each) > LONGEST_ERROR]
    if long:
        return Outcome("errors that are no clean line", long[0][:3_000])
    found = sum(len(each.entities) for one in documents for each in one.sentences)
    _check(documents)
    if told:
        return Outcome("read with a word", told[0])
    if case.told is not None and found < case.told:
        return Outcome("losses without a word", f"{found} of {case.told} entities")
    return Outcome("read")


def _check(documents: list[Document]) -> None:
    """What documents promise."""
    for document in documents:
        for sentence in document.sentences:
            assert sentence.words
            assert all(word.strip() for word in sentence.words), sentence
            for entity in sentence.entities:
                assert 0 <= entity.start < entity.end <= len(sentence.words), entity
                assert entity.type.isprintable() or "\n" not in entity.type, entity
            if document.text is not None and sentence.offsets is not None:
                found = [document.text[start:end] for start, end in sentence.offsets]
                assert found == list(sentence.words)


# What corpora are made of.

WORDS = ["Old", "Tarn", "slept", ".", "a", "\u00e9", "#x", "O", "B-X", "\u200b", "\uff11"]
WORDS += ["\U0001d504", "T1", "-", "\u0627", "x1", "-DOCSTART-", "@@PADDING@@", "{", "&"]
TYPES = ["PER", "LOC", "a-b", "O", "B-X", "\u00e9", "7", "@@PADDING"]
MEANINGS = ["Protein_molecule", "DNA_x", "RNA_x", "Cell_natural", "G#cell_line"]

Found = list[tuple[int, int, str]]
"""Start, end and type."""


@st.composite
def sentences(draw: Any) -> tuple[list[str], Found]:
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5))
    found = set()
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(words) - 1))
        end = draw(st.integers(start + 1, len(words)))
        found.add((start, end, draw(st.sampled_from(TYPES))))
    return words, sorted(found)


def _spans(words: list[str], first: int = 0) -> list[tuple[int, int]]:
    """Of the words in a text with a blank between each two."""
    spans = []
    for word in words:
        spans.append((first, first + len(word)))
        first += len(word) + 1
    return spans


# Damage to bytes.

PIECES = [
    b"",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\t",
    b" ",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\x1b",
]
PIECES += [b"\\ud800", b"\xed\xa0\x80", b"\xc2\x85", b"\xe2\x80\xa8", b"\xc2\xa0", b"\xe2\x80\x8b"]
PIECES += [b'"', b"{", b"}", b"[", b"]", b",", b":", b";", b"-", b"#", b"<", b">", b"&", b"/", b"="]
PIECES += [b"0", b"1", b"-1", b"1e999", b"NaN", b"null", b"true", b"9" * 20]
PIECES += [
    b"&x;",
    b"<!--",
    b"<![CDATA[",
    b"<a>",
    b"<term>",
    b"</sentence>",
    b"<sentence>",
    b"O",
    b"@@UNKNOWN@@",
]
PIECES += [
    b"-DOCSTART- O\n",
    b"-DOCSTART-\tB-X\n",
    b"B-X",
    b"I-X",
    b"T9\tX 0 1\ta\n",
    b"X 0 1",
    b"*",
]
PIECES += [b'"entities": [], ', b'{"tokens": ["a"]}\n', b"\x1f\x8b\x08", b"PK\x03\x04"]
LARGE = [
    b"9" * 5_000,
    b"[" * 100_000,
    b'{"a":' * 10_000,
    b"x" * 20_000,
    b"<a>" * 20_000,
    b"\t" * 9_999,
]


@st.composite
def damaged(draw: Any, content: bytes, times: int = 3) -> bytes:
    for _ in range(draw(st.integers(0, times))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 9)))
        kind = draw(
            st.sampled_from(["put", "put", "replace", "flip", "twice", "cut", "line", "rename"])
        )
        if kind in ("put", "replace"):
            pieces = LARGE if draw(st.integers(0, 39)) == 0 else PIECES
            rest = content[start:] if kind == "put" else content[end:]
            content = content[:start] + draw(st.sampled_from(pieces)) + rest
        elif kind == "flip":
            mask = 1 << draw(st.integers(0, 7))
            flipped = bytes(each ^ mask for each in content[start:end])
            content = content[:start] + flipped + content[end:]
        elif kind == "twice":
            content = content[:end] + content[start:end] + content[end:]
        elif kind == "cut":
            content = content[:start] if draw(st.booleans()) else content[start:]
        elif kind == "rename":
            names = sorted(set(re.findall(rb"[A-Za-z_]{3,20}", content)))
            if names:
                name = draw(st.sampled_from(names))
                at = draw(st.integers(0, len(name) - 1))
                other = name[:at] + draw(st.sampled_from([b"", b"x", b"_"])) + name[at + 1 :]
                content = re.sub(rb"\b%b\b" % name, other, content)
        else:
            lines = content.splitlines(keepends=True)
            if lines:
                index = draw(st.integers(0, len(lines) - 1))
                line = lines.pop(index)
                if draw(st.booleans()):
                    lines.insert(draw(st.integers(0, len(lines))), line)
                content = b"".join(lines)
    return content


# JSON.

ODD: list[Any] = [None, True, -1, 0, 1.5, 1e300, 2**70, "", "x", " ", "\n", "\x1b", [], {}, [[]]]
ODD += [[0, 1], [[0, 1]], [None], {"a": 1}, float("nan"), "@@UNKNOWN@@", "O", "a\u2028b"]
NAMES = [
    "tokens",
    "text",
    "sentences",
    "entities",
    "entites",
    "Entities",
    "entity_mentions",
    "spans",
]
NAMES += ["label", "labels", "ner", "ner_tags", "start", "strat", "end", "type", "typ", "fragments"]
NAMES += ["annotations", "result", "results", "value", "doc_id", "offsets", "answer", "data", "id"]
NAMES += ["sentence", "index", "document", "pos", "ltokens", "rtokens", "was_cancelled", "mentions"]


def _own(words: list[str], found: Found) -> Any:
    return {"tokens": words, "entities": _named(found)}


def _named(found: Found, start: str = "start", end: str = "end", kind: str = "type") -> Any:
    return [{start: first, end: after, kind: type} for first, after, type in found]


def _by_characters(words: list[str], found: Found) -> tuple[str, Found]:
    spans = _spans(words)
    return " ".join(words), [(spans[a][0], spans[b - 1][1], kind) for a, b, kind in found]


def _text(words: list[str], found: Found) -> Any:
    text, found = _by_characters(words, found)
    return {"text": text, "entities": _named(found)}


def _doccano(words: list[str], found: Found) -> Any:
    text, found = _by_characters(words, found)
    return {"id": 1, "text": text, "label": [list(each) for each in found]}


def _doccano_relations(words: list[str], found: Found) -> Any:
    text, found = _by_characters(words, found)
    return {"text": text, "entities": _named(found, "start_offset", "end_offset", "label")}


def _label_studio(words: list[str], found: Found) -> Any:
    text, found = _by_characters(words, found)
    values = [
        {"value": {"start": a, "end": b, "text": text[a:b], "labels": [kind]}}
        for a, b, kind in found
    ]
    return {"data": {"text": text}, "annotations": [{"id": 1, "result": values}]}


def _label_studio_small(words: list[str], found: Found) -> Any:
    text, found = _by_characters(words, found)
    return {"text": text, "label": [{"start": a, "end": b, "labels": [k]} for a, b, k in found]}


def _prodigy(words: list[str], found: Found) -> Any:
    text, found = _by_characters(words, found)
    tokens = [
        {"text": word, "start": a, "end": b}
        for word, (a, b) in zip(words, _spans(words), strict=True)
    ]
    spans = _named(found, kind="label")
    return {"text": text, "tokens": tokens, "spans": spans, "answer": "accept"}


def _hugging_face(words: list[str], found: Found) -> Any:
    tags = ["O"] * len(words)
    for start, end, kind in found:
        if set(tags[start:end]) == {"O"}:
            tags[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
    return {"tokens": words, "ner_tags": tags}


def _w2ner(words: list[str], found: Found) -> Any:
    ner = [{"index": list(range(a, b)), "type": kind} for a, b, kind in found]
    return {"sentence": words, "ner": ner}


def _genia_lines(words: list[str], found: Found) -> Any:
    return {"tokens": words, "entity_mentions": _named(found, kind="entity_type"), "doc_id": "d"}


def _authors(words: list[str], found: Found) -> Any:
    return _own(words, found) | {"ltokens": ["Old"], "rtokens": ["Tarn"], "pos": ["X"] * len(words)}


def _document(words: list[str], found: Found) -> Any:
    offsets = [list(span) for span in _spans(words)]
    return {"text": " ".join(words), "sentences": [_own(words, found) | {"offsets": offsets}]}


def _prediction(words: list[str], found: Found) -> Any:
    entities = [each | {"sentence": 1, "score": 0.5} for each in _named(found)]
    return {"sentences": [["Old"], words], "entities": entities}


DIALECTS: list[Callable[[list[str], Found], Any]] = [
    *(_own, _text, _document, _prediction, _genia_lines, _authors, _w2ner, _hugging_face),
    *(_doccano, _doccano_relations, _label_studio, _label_studio_small, _prodigy),
]


def _holders(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        if value:
            yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from _holders(part)


@st.composite
def json_corpora(draw: Any, dialects: list[Any] = DIALECTS) -> bytes:
    parts = draw(st.lists(sentences(), min_size=1, max_size=3))
    items = [draw(st.sampled_from(dialects))(*part) for part in parts]
    for _ in range(draw(st.integers(0, 2))):
        items = json.loads(json.dumps(items))
        holders = list(_holders(items))
        holder = holders[draw(st.integers(0, len(holders) - 1))]
        key = draw(st.sampled_from(sorted(holder))) if isinstance(holder, dict) else None
        at = key if key is not None else draw(st.integers(0, len(holder) - 1))
        kind = draw(st.sampled_from(["rename", "drop", "odd", "twice", "also"]))
        if kind == "drop":
            del holder[at]
        elif kind == "odd" or not isinstance(holder, dict):
            holder[at] = draw(st.sampled_from(ODD))
        elif kind == "rename":
            holder[draw(st.sampled_from(NAMES))] = holder.pop(key)
        elif kind == "also":
            dialect = draw(st.sampled_from(DIALECTS))
            for name, value in dialect(*draw(sentences())).items():
                holder.setdefault(name, value)
        else:
            holder[draw(st.sampled_from(NAMES))] = holder[key]
        if not items:
            break
    style = draw(st.sampled_from([{}, {"separators": (",", ":")}, {"ensure_ascii": False}]))
    if draw(st.integers(0, 4)) == 0:
        content = json.dumps(items, indent=draw(st.sampled_from([None, 1])), **style)
    else:
        content = "\n".join(json.dumps(item, **style) for item in items)
    return draw(damaged(content.encode(errors="surrogatepass")))


def told_by_json(content: bytes) -> int | None:
    """Objects and lists that look like entities, each once; none if it is no JSON."""
    try:
        text = content.decode("utf-8-sig")
        lines = [line for line in text.split("\n") if line.strip()]
        listed = lines and lines[0].lstrip().startswith("[")
        items = json.loads(text) if listed else [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return None
    return sum(_num_entities(item) for item in items) if isinstance(items, list) else None


def _num_entities(item: Any) -> int:
    """Those of predictions count, not the gold ones in its sentences."""
    if isinstance(item, dict) and item.get("answer", "accept") != "accept":
        return 0
    if isinstance(item, dict) and "entities" in item:
        item = {key: value for key, value in item.items() if key not in ("sentences", "document")}
    found = list(_entities_in(item))
    if isinstance(item, dict) and isinstance(item.get("ner_tags"), list):
        # Beside others they may say the same.
        tags = sum(isinstance(tag, str) and tag[:2] == "B-" for tag in item["ner_tags"])
        return max(tags, len(found))
    return len(set(map(repr, found)))


def _entities_in(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        kinds = [value.get(name) for name in ("type", "entity_type", "label")]
        kinds = [kind for kind in kinds if isinstance(kind, str) and kind][:1]
        if isinstance(value.get("labels"), list) and not kinds:
            kinds = value["labels"]
        place = [value[each] for each in ("start", "start_offset", "index") if each in value]
        ends = [value[each] for each in ("end", "end_offset") if each in value]
        if place and kinds:
            yield from ((place[0], ends[:1], kind) for kind in kinds)
            return
        for name, part in value.items():
            if name not in ("tokens", "predictions", "relations"):
                yield from _entities_in(part)
    elif isinstance(value, list):
        if [type(part) for part in value] == [int, int, str]:
            yield (value[0], [value[1]], value[2])
            return
        for part in value:
            yield from _entities_in(part)


@st.composite
def jsonl(draw: Any) -> Case:
    content = draw(json_corpora())
    format = {"type": "jsonl"}
    return Case(format, "c.jsonl", {"c.jsonl": content}, told_by_json(content))


TOOLS: dict[str, list[Any]] = {
    "label_studio": [_label_studio, _label_studio_small],
    "doccano": [_doccano, _doccano_relations],
    "prodigy": [_prodigy],
}


@st.composite
def tool(draw: Any, name: str) -> Case:
    content = draw(json_corpora(TOOLS[name]))
    return Case({"type": name}, "c.jsonl", {"c.jsonl": content}, told_by_json(content))


# Columns.

SCHEMES = {"iob": "BI", "iob1": "BI", "bioes": "BIESU", "bare": ""}


@st.composite
def columns(draw: Any) -> Case:
    scheme = draw(st.sampled_from(["iob", "iob", "iob", "iob1", "bioes", "bare"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "gb18030", "iso-8859-1"]))
    options: dict[str, Any] = {"scheme": scheme, "encoding": encoding}
    tags = draw(st.integers(0, 3)) == 0
    if tags:
        options["pos_column"] = 1
    options |= draw(
        st.sampled_from(
            [*[{}] * 5, {"one_document": False}, {"sentence_end": "."}, {"bad_lines": "skip"}]
        )
    )
    lines = []
    separator = draw(st.sampled_from(["\t", " "]))
    ragged = not tags and scheme != "bare" and draw(st.integers(0, 3)) == 0
    for words, found in draw(st.lists(sentences(), min_size=1, max_size=3)):
        if draw(st.integers(0, 4)) == 0:
            lines.append("-DOCSTART-" + draw(st.sampled_from(["", " O", "\tO", " -X- O O"])))
        rows = [[word, *(["N"] if tags else []), "O", "O"] for word in words]
        for start, end, kind in found:
            for column in (-2, -1):
                if all(row[column] == "O" for row in rows[start:end]):
                    for index in range(start, end):
                        prefix = "" if scheme == "bare" else "I-" if index > start else "B-"
                        rows[index][column] = prefix + kind
                    if scheme == "bioes":
                        rows[end - 1][column] = f"{'E' if end - start > 1 else 'S'}-{kind}"
                    break
        if ragged:
            rows = [[row[0], *([each for each in row[1:] if each != "O"] or "O")] for row in rows]
        lines += [separator.join(row) for row in rows] + [""]
    content = "\n".join(lines).encode(encoding, errors="replace")
    content = draw(damaged(content))
    case = Case({"type": "columns", **options}, "c.conll", {"c.conll": content})
    return replace(case, told=told_by_columns(content, options))


def told_by_columns(content: bytes, options: dict[str, Any]) -> int | None:
    """Of every sentence, the labels that begin an entity in each column; the same once."""
    encoding = options.get("encoding", "utf-8")
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError:
        return None
    number = 0
    for is_row, rows in groupby(text.split("\n"), key=lambda line: bool(line.strip())):
        if not is_row:
            continue
        cells = [re.split("\t" if "\t" in row else " ", row.rstrip("\r\t ")) for row in rows]
        first = 2 if "pos_column" in options else 1
        found = set()
        for column in range(first, max(map(len, cells))):
            labels = [row[column] if column < len(row) else "O" for row in cells]
            if options.get("scheme") == "bare":
                found |= {label for label in labels if label != "O"}
                continue
            for index, label in enumerate(labels):
                if label[:2] in ("B-", "S-", "U-"):
                    found.add((index, label[2:]))
        number += len(found)
    return number


# brat.


@st.composite
def brat(draw: Any) -> Case:
    files: dict[str, bytes] = {}
    told: int | None = 0
    for name in draw(st.sampled_from([["a"], ["a"], ["a", "b/c"]])):
        words, found = draw(sentences())
        text, found = _by_characters(words, found)
        lines = [
            f"T{number}\t{kind} {start} {end}\t{text[start:end]}"
            for number, (start, end, kind) in enumerate(found, start=1)
        ]
        if len(words) > 2:
            one, *_, other = _spans(words)
            places = f"{one[0]} {one[1]};{other[0]} {other[1]}"
            lines.append(f"T9\tPER {places}\t{words[0]} {words[-1]}")
        lines += draw(
            st.sampled_from([[], ["R1\tIn Arg1:T1 Arg2:T2"], ["#1\tNote T1\tx"], ["A1\tX T1"]])
        )
        annotation = draw(damaged("".join(f"{line}\n" for line in lines).encode()))
        plain = text.encode()
        if draw(st.integers(0, 3)) == 0:
            plain = draw(damaged(plain, 1))
        files |= {f"{name}.txt": plain, f"{name}.ann": annotation}
        number = told_by_brat(annotation)
        told = None if number is None or told is None else told + number
    format: dict[str, Any] = {"type": "brat"}
    options: list[dict[str, Any]] = [{}, {}, {"words": "whitespace"}, {"inside_words": "split"}]
    splitting = draw(st.sampled_from(options))
    if splitting:
        format["splitting"] = splitting
    path = "a.ann" if len(files) == 2 and draw(st.booleans()) else "."
    return Case(format, path, files, told)


def told_by_brat(annotation: bytes) -> int | None:
    """Lines with two numbers behind something, but for comments and what brat has besides."""
    try:
        lines = set(annotation.decode("utf-8-sig").split("\n"))
    except UnicodeDecodeError:
        return None
    entities = re.compile(r"T\S*\t(\S+) (\d+ \d+(;\d+ \d+)*)(\t.*)?\r*", re.ASCII)
    return len({match.groups()[:2] for match in map(entities.fullmatch, lines) if match})


# GENIA.


@st.composite
def genia_xml(draw: Any) -> Case:
    parts = ["<?xml version='1.0' encoding='utf-8'?>\n<Annotation>"]
    tag = draw(st.sampled_from(["term", "cons"]))
    for number in range(draw(st.integers(1, 2))):
        wrapped = draw(st.sampled_from(["", "PubmedArticle", "article"]))
        parts.append(f"<{wrapped}><PMID>{number}</PMID>\n" if wrapped else "")
        for words, found in draw(st.lists(sentences(), min_size=1, max_size=2)):
            parts.append(_genia_sentence(words, found, tag, draw(st.sampled_from(MEANINGS))))
        if draw(st.integers(0, 3)) == 0:
            parts.append(
                '<sentence><cons sem="(AND DNA_x RNA_x)" lex="(AND a_c b_c)"><frag>a</frag> and '
                "<frag>b</frag> <frag>c</frag></cons></sentence>\n"
            )
        parts.append(f"</{wrapped}>\n" if wrapped else "")
    content = draw(damaged("".join([*parts, "</Annotation>\n"]).encode()))
    options = draw(st.sampled_from([{}, {}, {"benchmark_terms": False}, {"coordinations": False}]))
    case = Case({"type": "genia_xml", **options}, "c.xml", {"c.xml": content})
    return replace(case, told=told_by_xml(content, **options))


def _genia_sentence(words: list[str], found: Found, tag: str, meaning: str) -> str:
    escaped = [_escaped(word) for word in words]
    opened, closed = Counter[int](), Counter[int]()
    outer = [each for each in found if not any(_cross(each, other) for other in found)]
    for start, end, _ in outer:
        opened[start] += 1
        closed[end - 1] += 1
    for index in range(len(words)):
        begin = f'<{tag} sem="{meaning}" lex="x">' * opened[index]
        escaped[index] = begin + escaped[index] + f"</{tag}>" * closed[index]
    return f"<sentence>{' '.join(escaped)}</sentence>\n"


def _cross(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    return one[0] < other[0] < one[1] < other[1] or other[0] < one[0] < other[1] < one[1]


def told_by_xml(
    content: bytes, benchmark_terms: bool = True, coordinations: bool = True
) -> int | None:
    """Elements with a meaning that is one of the benchmark's, whatever they are called."""
    kind = re.compile("(?i)(g#)?(protein_|dna_|rna_|cell_(natural|type|cultured|line)$)")
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    number = 0
    for element in root.iter():
        meaning, lex = element.get("sem", ""), element.get("lex")
        if kind.match(meaning):
            number += lex is not None or not benchmark_terms
        elif meaning.startswith("(") and coordinations:
            number += sum(bool(kind.match(each)) for each in meaning.strip("() ").split())
    return number


# The LDC's.

_OWN_TEXT = "<DOC>\n<DATE>7</DATE>\n<TEXT>\n"


@st.composite
def ace(draw: Any) -> Case:
    words, found = draw(sentences())
    text, found = _by_characters(words, found)
    # Tags are not counted, line ends are.
    first = len(re.sub("<.*?>", "", _OWN_TEXT))
    things = []
    for start, end, kind in found:
        quoted = _escaped(text[start:end])
        place = f'<charseq START="{first + start}" END="{first + end - 1}">{quoted}</charseq>'
        named = f"<extent>{place}</extent>\n<head>{place}</head>"
        things.append(
            f'<entity TYPE="{kind}"><entity_mention TYPE="NAM">\n{named}</entity_mention></entity>'
        )
    content = (
        '<?xml version="1.0"?>\n<source_file><document DOCID="d">\n'
        + "\n".join(things)
        + "\n</document></source_file>\n"
    )
    return draw(_released("ace", ".sgm", ".apf.xml", text, content, told_by_ace))


@st.composite
def rich_ere(draw: Any) -> Case:
    words, found = draw(sentences())
    text, found = _by_characters(words, found)
    things = []
    for start, end, kind in found:
        place = f'offset="{len(_OWN_TEXT) + start}" length="{end - start}"'
        things.append(
            f'<entity type="{kind}"><entity_mention noun_type="NAM" {place}>\n'
            f"<mention_text>{_escaped(text[start:end])}</mention_text>\n"
            f"</entity_mention></entity>"
        )
    content = (
        '<?xml version="1.0"?>\n<deft_ere doc_id="d"><entities>\n'
        + "\n".join(things)
        + "\n</entities></deft_ere>\n"
    )
    return draw(_released("rich_ere", ".txt", ".rich_ere.xml", text, content, told_by_rich_ere))


@st.composite
def _released(
    draw: Any,
    format: str,
    source_suffix: str,
    suffix: str,
    text: str,
    content: str,
    told: Callable[[bytes], int | None],
) -> Case:
    source = f"{_OWN_TEXT}{text}\n</TEXT>\n</DOC>\n".encode()
    if draw(st.integers(0, 3)) == 0:
        source = draw(damaged(source, 1))
    annotation = draw(damaged(content.encode()))
    files = {f"a{source_suffix}": source, f"a{suffix}": annotation}
    options = draw(st.sampled_from([{}, {}, {}, {"span": "head"}]))
    path = draw(st.sampled_from([".", f"a{suffix}"]))
    return Case({"type": format, **options}, path, files, told(annotation))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def told_by_ace(content: bytes) -> int | None:
    """Extents with two numbers, whatever they lie in, by those and the type."""
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    return len(
        {
            (entity.get("TYPE"), place.get("START"), place.get("END"))
            for entity in root.iter()
            for place in entity.findall("./*/extent/charseq")
        }
    )


def told_by_rich_ere(content: bytes) -> int | None:
    """Elements with two numbers, by those and the type."""
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    return len(
        {
            (entity.get("type"), mention.get("offset"), mention.get("length"))
            for entity in root.iter()
            for mention in entity.findall("./*[@offset][@length]")
        }
    )


# spaCy.

_NLP = spacy.blank("xx")


@st.composite
def docs(draw: Any) -> Doc:
    words, found = draw(sentences())
    words = list(words)
    starts: list[Any] = [draw(st.sampled_from([True, False, None])) for _ in words]
    if draw(st.integers(0, 2)) == 0:
        index = draw(st.integers(0, len(words)))
        words.insert(index, draw(st.sampled_from([" ", "\n", "\n\n", "\t", "\u2028"])))
        starts.insert(index, draw(st.sampled_from([True, False, None])))
    if draw(st.booleans()):
        starts = [None] * len(words)
    spaces = [draw(st.booleans()) for _ in words]
    doc = Doc(_NLP.vocab, words=words, spaces=spaces, sent_starts=starts)
    kinds = draw(st.sampled_from([["sc"], ["sc"], ["ents"], ["sc", "ents"], ["sc", "other"], []]))
    spans = [Span(doc, start, end, label=kind) for start, end, kind in found]
    if draw(st.integers(0, 9)) == 0:
        place = draw(st.integers(0, len(words)))
        label = draw(st.sampled_from(["", "a\nb", "\x1b[2J", " ", "a b"]))
        after = draw(st.integers(place, len(words)))
        spans.append(Span(doc, place, after, label=label))
    for kind in kinds:
        if kind == "ents":
            doc.ents = spacy.util.filter_spans([span for span in spans if len(span)])
        else:
            doc.spans[kind] = draw(st.sampled_from([spans, spans, spans[:1]]))
    doc.user_data["doc_id"] = draw(st.sampled_from([None, "d", 7, ["x"], "\x1b"]))
    return doc


@st.composite
def spacy_docs(draw: Any) -> Case:
    bin = DocBin(store_user_data=True, docs=draw(st.lists(docs(), max_size=3)))
    content = bin.to_bytes()
    how = draw(st.sampled_from(["whole", "whole", "packed", "unpacked"]))
    if how == "packed":
        content = draw(damaged(content))
    elif how == "unpacked":
        content = zlib.compress(draw(damaged(zlib.decompress(content))))
    case = Case({"type": "spacy"}, "c.spacy", {"c.spacy": content})
    return replace(case, told=told_by_spacy(content))


def told_by_spacy(content: bytes) -> int | None:
    try:
        read = list(DocBin().from_bytes(content).get_docs(_NLP.vocab))
        return sum(
            len(
                {
                    (span.start, span.end, span.label_)
                    for spans in [*doc.spans.values(), doc.ents]
                    for span in spans
                }
            )
            for doc in read
        )
    except Exception:  # whatever damage does to it
        return None


# Archives, folders, and what is told by its content.


@st.composite
def packed(draw: Any) -> Case:
    """JSON lines, sound but for what becomes of their archive."""
    members: dict[str, bytes] = {}
    told = 0
    for name in draw(st.sampled_from([["a"], ["a", "b"], ["a", "x/b", "x/c"]])):
        words, found = draw(sentences())
        members[f"{name}.jsonl"] = json.dumps(_own(words, found)).encode() + b"\n"
        told += len(found)
    kind = draw(st.sampled_from(["gz", "zip", "stored.zip", "tar", "tar.gz", "tar.bz2", "tar.xz"]))
    target = io.BytesIO()
    if kind == "gz":
        target.write(gzip.compress(b"".join(members.values()), mtime=0))
    elif "zip" in kind:
        method = zipfile.ZIP_STORED if kind == "stored.zip" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(target, "w", method) as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content, method)
    else:
        mode: Any = "w:" + kind.partition(".")[2]
        with tarfile.open(fileobj=target, mode=mode) as tar:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    content = target.getvalue()
    if kind == "tar":
        # It has a sum of its headers alone.
        if draw(st.booleans()):
            at = draw(st.integers(0, 511))
            content = content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]
        if draw(st.booleans()):
            content = content[: draw(st.integers(0, len(content)))]
    else:
        content = draw(damaged(content))
    name = "c.jsonl.gz" if kind == "gz" else f"c.{kind}"
    return Case({"type": "jsonl"}, name, {name: content}, told)


@st.composite
def auto(draw: Any) -> Case:
    """Of any format, some of them beside each other, with names that tell something or nothing."""
    case: Case = draw(
        st.one_of(
            jsonl(), columns(), genia_xml(), spacy_docs(), brat(), packed(), ace(), rich_ere()
        )
    )
    if case.format.keys() & {"scheme", "pos_column", "benchmark_terms", "coordinations"}:
        plain = "columns" if case.format["type"] == "columns" else "genia_xml"
        content = next(iter(case.files.values()))
        told = told_by_columns(content, {}) if plain == "columns" else told_by_xml(content)
        case = replace(case, told=told if case.format.get("scheme", "iob") == "iob" else None)
        if case.format.get("encoding", "utf-8") != "utf-8" or "pos_column" in case.format:
            case = replace(case, told=None)
    name = next(iter(case.files))
    if case.format["type"] in ("jsonl", "columns", "genia_xml") and case.path == name:
        if name.startswith("c.") and name.count(".") == 1 and "zip" not in name:
            name = draw(st.sampled_from(["c", "c.txt", "c.jsonl", "c.conll", "c.xml", "c.JSONL"]))
            name = name if ".tar" not in case.path else case.path
        if case.path.endswith(("zip", "tar", "gz", "bz2", "xz")):
            name = case.path
        content = next(iter(case.files.values()))
        # What is in a damaged file may look like another format, in which all of it counts too.
        told = case.told if name != "c.JSONL" else None
        return Case({"type": "auto"}, name, {name: content}, told)
    return replace(case, format={"type": "auto"})


@st.composite
def predictor(draw: Any) -> Case:
    """No entities are read, so that none can be lost."""
    return Case(PREDICTS, "c.jsonl", {"c.jsonl": draw(json_corpora())})


REQUESTED = st.sampled_from(["A", "B", "C", "", "\ud800", 7, None])
VALUES = st.one_of(
    st.floats(), st.integers(), st.sampled_from([0.05, 0.5, 1, True, None, "0.5", "NaN", 10**400])
)
REQUESTS: dict[str, Any] = {
    "text": st.one_of(st.text(max_size=40), st.sampled_from(["a. b", "\ud800", 7, None, ["a"]])),
    "texts": st.lists(
        st.one_of(st.text(max_size=20), st.sampled_from(["", "\udfff", 7])), max_size=3
    ),
    "threshold": st.one_of(VALUES, st.dictionaries(st.sampled_from(["A", "B", "C"]), VALUES)),
    "types": st.one_of(st.lists(REQUESTED, max_size=3), REQUESTED),
    "overlap": st.sampled_from(["nested", "flat", "outermost", "innermost", "none", 1]),
    "other": VALUES,
}


@st.composite
def server(draw: Any) -> Case:
    """Bodies of requests, of which no entities are read either."""
    wanted = draw(st.sampled_from(["text", "text", "texts", "texts", "types", "other"]))
    others = draw(st.lists(st.sampled_from([*REQUESTS]), max_size=2))
    body = {name: draw(REQUESTS[name]) for name in (wanted, *others)}
    style = draw(st.sampled_from([{}, {"ensure_ascii": False}]))
    content = json.dumps(body, **style).encode(errors="surrogatepass")
    return Case(SERVES, "body.json", {"body.json": draw(damaged(content))})


FORMATS: dict[str, Any] = {
    "jsonl": jsonl(),
    **{name: tool(name) for name in TOOLS},
    "columns": columns(),
    "brat": brat(),
    "genia_xml": genia_xml(),
    "ace": ace(),
    "rich_ere": rich_ere(),
    "spacy": spacy_docs(),
    "packed": packed(),
    "auto": auto(),
    "predictor": predictor(),
    "server": server(),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", nargs="?", type=int, default=10_000)
    parser.add_argument("--formats", nargs="*", default=list(FORMATS))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    import_module_and_submodules("locate_label_allennlp")
    logging.getLogger("locate_label_allennlp").propagate = False
    bad = 0
    print(f"{'format':10}  inputs  " + "  ".join([*GOOD, *BAD]), flush=True)
    for name in arguments.formats:
        counts, examples = fuzzed(FORMATS[name], arguments.inputs, arguments.seed)
        numbers = [f"{counts[kind]:>{len(kind)},}" for kind in (*GOOD, *BAD)]
        print(f"{name:10}  {sum(counts.values()):6,}  " + "  ".join(numbers), flush=True)
        for case, end in examples.values():
            print(f"  {end.kind}: {end.detail.strip()[-1_500:]}\n    {case!r:.1500}", flush=True)
        bad += len(examples)
    sys.exit(bool(bad))


def fuzzed(
    cases: Any, inputs: int, number: int
) -> tuple[Counter[str], dict[str, tuple[Case, Outcome]]]:
    """How often each came out, and of those that must not the smallest case of each."""
    counts: Counter[str] = Counter()
    examples: dict[str, tuple[Case, Outcome]] = {}

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(os.path.realpath(temporary))

        @seed(number)
        @settings(
            max_examples=inputs,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(cases)
        def run(case: Case) -> None:
            end = outcome(case, folder)
            counts[end.kind] += 1
            if end.kind in BAD:
                last = end.detail.strip().splitlines()[-2:]
                key = re.sub(r"\d+|'.*?'", "", f"{end.kind} {last}")[:200]
                if end.kind == "losses without a word":
                    # Of several kinds perhaps, which nothing tells apart.
                    key += str(counts[end.kind] % 5)
                if key not in examples or len(repr(case)) < len(repr(examples[key][0])):
                    examples[key] = case, end

        run()
    return counts, examples


if __name__ == "__main__":
    main()
