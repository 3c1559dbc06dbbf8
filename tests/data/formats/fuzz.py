"""
Corpora with something wrong in them, for every format. `make fuzz` runs this with 10,000 inputs a
format and prints what became of them; `test_fuzz.py` tries a few.
"""

import io
import json
import logging
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional
from xml.etree import ElementTree

import spacy
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from spacy.tokens import DocBin, Span

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats import (
    AceFormat,
    CorpusFormat,
    JsonlFormat,
    RichEreFormat,
)
from locate_label_allennlp.data.formats.brat import BratFormat
from locate_label_allennlp.predictors import NestedNerPredictor

FIXTURES = Path(__file__).parents[3] / "fixtures" / "formats"

SECONDS = 5
"""More is a hang."""

SNIPPETS = (
    *(
        b"",
        b"\n",
        b"\r",
        b"\t",
        b" ",
        b"\x00",
        b"\x1b[2J",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
    ),
    *(b"\xe2\x80\xa8", b"\\ud800", b'"\\ud800"', b"[" * 100_000, b'{"a":' * 5_000, b"1" * 5_000),
    *(b"NaN", b"1e999", b"-1", b"0", b"9" * 30, b"null", b"true", b'""', b"{}", b"[]", b"}", b'"'),
    *(b"-DOCSTART-\n", b"B-X", b"I-X", b"O", b"@@PADDING@@", b"@@UNKNOWN@@", b"#", b";", b","),
    *(b"T1\tX 0 1\ta\n", b"Entity\tPER 0 3\tx\n", b'"entites": [], ', b'"entities": [], '),
    *(b"<sentence>", b"</sentence>", b"<term>", b"</term>", b"<frag>", b"&x;", b"&amp;", b"<!--"),
    b'<!DOCTYPE a [<!ENTITY x "yy"><!ENTITY z "&x;&x;">]>',
)


class Change(NamedTuple):
    """Of `size` bytes from `place` (a share of the content), by a snippet or a copy of some."""

    place: float
    size: int
    snippet: Optional[bytes]


@st.composite
def changes(draw: Any) -> List[Change]:
    places = st.floats(0, 1)
    sizes = st.sampled_from([0, 0, 1, 1, 2, 5, 40, 300])
    snippets = st.one_of(st.none(), st.sampled_from(SNIPPETS), st.binary(max_size=3))
    return draw(st.lists(st.builds(Change, places, sizes, snippets), min_size=1, max_size=3))


def changed(content: bytes, made: List[Change]) -> bytes:
    for place, size, snippet in made:
        start = int(place * len(content))
        part = content[start : start + max(size, 1)] * 2 if snippet is None else snippet
        content = content[:start] + part + content[start + size :]
    return content


class Fuzzed(NamedTuple):
    """
    A format, its sound corpora, and how many entities are in one, counted in another way: as many
    have to be read where nothing was said.
    """

    seeds: List[bytes]
    read: Callable[[bytes, Path], List[Any]]
    count: Callable[[bytes], int] = lambda content: 0


def seeds(*names: str) -> List[bytes]:
    return [(FIXTURES / name).read_bytes() for name in names]


def labelled(lines: bytes) -> bytes:
    """JSON lines, each with its entities, so that no reader has to say anything of them."""
    items = [{"entities": [], **json.loads(line)} for line in lines.splitlines()]
    return b"".join(json.dumps(item, ensure_ascii=False).encode() + b"\n" for item in items)


def by(name: str, format: str = "auto", **arguments: Any) -> Callable[[bytes, Path], List[Any]]:
    kind: Any = CorpusFormat.by_name(format)
    reader = kind(**arguments)

    def read(content: bytes, folder: Path) -> List[Any]:
        (folder / name).write_bytes(content)
        return list(reader.read(str(folder / name)))

    return read


def read_brat(content: bytes, folder: Path) -> List[Any]:
    text, _, annotation = content.partition(SEPARATOR)
    (folder / "b.txt").write_bytes(text)
    (folder / "b.ann").write_bytes(annotation)
    return list(BRAT.read(str(folder / "b.ann")))


def read_pair(format: CorpusFormat, text: str, annotation: str) -> Any:
    """Of a format with a file for the text and another one for what is in it, by their endings."""

    def read(content: bytes, folder: Path) -> List[Any]:
        parts = content.partition(SEPARATOR)
        (folder / f"x{text}").write_bytes(parts[0])
        (folder / f"x{annotation}").write_bytes(parts[2])
        return list(format.read(str(folder)))

    return read


BRAT, JSONL = BratFormat(), JsonlFormat()
SEPARATOR = b"\n\x01\n"


def read_lines(content: bytes, folder: Path) -> List[Any]:
    """As a predictor reads its input."""
    predictor = NestedNerPredictor.__new__(NestedNerPredictor)
    predictor._format = JSONL
    for line in io.TextIOWrapper(io.BytesIO(content), "utf-8", errors="surrogateescape"):
        document = predictor.document(predictor.load_line(line))
        predictor.dump_line(predictor.echo({}, document))
    return []


def count_json(content: bytes) -> int:
    def of(item: Any) -> int:
        mentions = {json.dumps(mention, sort_keys=True) for mention in item.get("entities", [])}
        return len(mentions) + sum(of(part) for part in item.get("sentences", []))

    return sum(of(json.loads(line)) for line in content.split(b"\n") if line.strip())


def count_columns(content: bytes) -> int:
    """Types a beginning has on a line: in how many columns it stands makes no difference."""
    lines = [line for line in content.split(b"\n") if not line.startswith(b"-DOCSTART-")]
    return sum(len(set(re.findall(rb"\tB-(\S+)", line))) for line in lines)


def count_mentions(content: bytes) -> int:
    """Of the LDC's annotations."""
    root = ElementTree.fromstring(content.partition(SEPARATOR)[2])
    return sum(1 for mention in root.iter("entity_mention"))


def docbin() -> bytes:
    nlp = spacy.blank("en")
    docs = [nlp("Old Tarn slept."), nlp("She left.")]
    docs[0].spans["sc"] = [Span(docs[0], 0, 2, "PLACE"), Span(docs[0], 1, 2, "TARN")]
    docs[1].ents = [Span(docs[1], 0, 1, "PER")]
    return DocBin(docs=docs, store_user_data=True).to_bytes()


def count_brat(content: bytes) -> int:
    annotation = content.partition(SEPARATOR)[2]
    return len({line.split(b"\t")[1] for line in annotation.split(b"\n") if line[:1] == b"T"})


def brat() -> bytes:
    text = b"Old and New Tarn slept.\r\nShe left for Ahl.\n"
    return (
        text
        + SEPARATOR
        + (
            b"T1\tPLACE 0 3;12 16\tOld Tarn\nT2\tPLACE 8 16\tNew Tarn\nR1\tOf Arg1:T1 Arg2:T2\n"
            b"T3\tPLACE 38 41\tAhl\n#1\tNote T3\tx\n"
        )
    )


FUZZED: Dict[str, Fuzzed] = {
    "jsonl": Fuzzed([labelled(*seeds("nested.jsonl"))], by("c.jsonl", "jsonl"), count_json),
    "columns": Fuzzed(
        seeds("inner_first.iob2", "ragged.conll"), by("c.iob2", "columns"), count_columns
    ),
    "brat": Fuzzed([brat()], read_brat, count_brat),
    "genia_xml": Fuzzed(seeds("genia.xml", "genia_terms.xml"), by("c.xml", "genia_xml")),
    "ace": Fuzzed(
        [SEPARATOR.join(seeds("ace/HARBOUR_1.sgm", "ace/HARBOUR_1.apf.xml"))],
        read_pair(AceFormat(), ".sgm", ".apf.xml"),
        count_mentions,
    ),
    "rich_ere": Fuzzed(
        [SEPARATOR.join(seeds("ere/source/harbour1.cmp.txt", "ere/ere/harbour1.rich_ere.xml"))],
        read_pair(RichEreFormat(), ".txt", ".rich_ere.xml"),
        count_mentions,
    ),
    "spacy": Fuzzed([docbin()], by("c.spacy", "spacy")),
    "auto": Fuzzed(seeds("nested.jsonl", "inner_first.iob2", "genia.xml"), by("c")),
    "predictor": Fuzzed(seeds("nested.jsonl"), read_lines),
}


class Said(logging.Handler):
    """Whether anything was logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.any = False

    def emit(self, record: logging.LogRecord) -> None:
        self.any = True


def outcome(name: str, content: bytes) -> str:
    """
    `"read"`, `"read with a warning"` or `"refused"`; everything else is an error of the format.
    """
    fuzzed, said = FUZZED[name], Said()
    refused: Optional[str] = None
    logging.getLogger("locate_label_allennlp").addHandler(said)
    start = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            documents = fuzzed.read(content, Path(folder))
    except CorpusError as error:
        refused = str(error)
    finally:
        logging.getLogger("locate_label_allennlp").removeHandler(said)
        seconds = time.monotonic() - start
        assert seconds < SECONDS, f"took {seconds:.0f} seconds"
    if refused is not None:
        assert "\n" not in refused, "an error has more than one line"
        return "refused"
    if said.any:
        return "read with a warning"
    found = sum(len(sentence.entities) for each in documents for sentence in each.sentences)
    expected = fuzzed.count(content)
    assert found >= expected, f"{expected} entities, {found} read, and not a word"
    return "read"


def inputs(name: str) -> Any:
    return st.builds(changed, st.sampled_from(FUZZED[name].seeds), changes())


def try_many(name: str, number: int) -> Counter[str]:
    """What became of `number` inputs."""
    counts: Counter[str] = Counter()

    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(name))
    def try_one(content: bytes) -> None:
        counts["inputs"] += 1
        counts[outcome(name, content)] += 1

    try:
        try_one()
    except Exception as error:
        counts["failures"] = 1
        print(f"{name}: {type(error).__name__}: {error}", *notes(error), sep="\n  ")
    return counts


def main(number: int) -> int:
    failures = 0
    for name in FUZZED:
        counts = try_many(name, number)
        failures += counts["failures"]
        print(f"{name}: " + ", ".join(f"{count:,} {what}" for what, count in counts.items()))
    return failures


def notes(error: BaseException) -> Iterator[str]:
    yield from getattr(error, "__notes__", [])
    for part in getattr(error, "exceptions", ()):
        yield f"{type(part).__name__}: {part}"
        yield from notes(part)


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]))))
