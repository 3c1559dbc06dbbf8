"""brat's standoff: a text, and beside it its entities by characters."""

import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import PurePosixPath
from typing import ClassVar, Dict, Iterable, Iterator, List, Optional, Tuple

from overrides import overrides

from locate_label_allennlp.data.document import CorpusError, Document
from locate_label_allennlp.data.formats.corpus_files import (
    CorpusFile,
    check_folder_of,
    corpus_files,
    write_errors,
)
from locate_label_allennlp.data.formats.corpus_format import CorpusFormat, Tally
from locate_label_allennlp.data.formats.running_text import Mention, RunningTextFormat, Splitting
from locate_label_allennlp.data.formats.written_text import text_and_offsets

# A name, a type and two numbers, which a line of brat's other kinds never has.
_LIKE_AN_ENTITY = re.compile(r"\s*[^\s#]\S*\s+\S+\s+\d+\s+\d+(\s|;|$)")
_TEXT_BOUND = re.compile(r"T\S*\t(\S+) (\d{1,18} \d{1,18}(?:;\d{1,18} \d{1,18})*)(?:\t(.*))?")
_ALLOWED = "a line of an entity is 'T1<tab>TYPE START END[;START END]<tab>TEXT'"

# Relations, events, attributes, modifications, normalisations, notes, equivalences.
_OTHER_LINES = ("R", "E", "A", "M", "N", "#", "*")


@CorpusFormat.register("brat")
class BratFormat(RunningTextFormat):
    """
    Pairs of files: `x.txt` holds a document's text, `x.ann` its entities. `START` and `END`
    (exclusive) count characters (Unicode code points, `\\r` among them), a `;` parts the fragments
    of a discontinuous entity, and the text is repeated behind:

        T1	PLACE 0 8	Old Tarn
        T2	PLACE 0 3;17 21	Old Tarn

    Only the lines that begin with `T` are used; those that are none of brat's are counted and
    logged. The path is a folder (with all folders in it), an
    archive, or one of the two files of a document. The name of a document is that of its files
    below the folder, without the ending. A `.txt` without `.ann` in a folder is passed over,
    counted and logged; an `.ann` without `.txt` is an error, and so is repeated text that is not
    the one at the offsets (white space aside).

    For NEREL: `"format": {"type": "brat", "splitting": {"language": "ru"}}`; for LitBank, whose
    lines and blanks are those of its sentences and words, `"splitting": {"words": "whitespace"}`.

    **Writing** makes a folder, which must not be there or be empty. The text is the document's, if
    it is known; else its words with blanks between, a sentence a line. A document without a name is
    called by its number.

    # Parameters

    splitting : `Splitting`, optional (default = `Splitting()`, English by spaCy's rules)
    encoding : `str`, optional (default = `"utf-8"`)
    """

    suffixes: ClassVar[Tuple[str, ...]] = (".ann", ".txt")
    writable: ClassVar[bool] = True

    def __init__(self, splitting: Optional[Splitting] = None, encoding: str = "utf-8") -> None:
        super().__init__(splitting)
        self._encoding = encoding

    @overrides
    def read(self, path: str) -> Iterator[Document]:
        tally = Tally(path, self.on_error, self.on_note)
        is_one = path.removesuffix(".gz").endswith(self.suffixes)
        pairs: Dict[str, Dict[str, CorpusFile]] = {}
        for file in self._files(path, is_one, tally):
            stem, suffix = os.path.splitext(file.plain_name)
            pair = pairs.setdefault(stem, {})
            if suffix in pair:
                reason = f"is there twice, also as {os.path.basename(pair[suffix].name)}"
                tally.report(CorpusError(reason, file.name))
            pair[suffix] = file
        if not pairs:
            raise CorpusError("is no brat; allowed are a folder, an archive, .ann and .txt", path)
        for stem, pair in pairs.items():
            if ".ann" in pair and ".txt" in pair:
                yield self._document(pair[".txt"], pair[".ann"], stem, tally)
            elif ".ann" in pair:
                reason = f"there is no {os.path.basename(stem)}.txt beside it"
                tally.report(CorpusError(reason, pair[".ann"].name))
            elif is_one:
                reason = f"there is no {os.path.basename(stem)}.ann beside it"
                tally.report(CorpusError(reason, pair[".txt"].name))
            else:
                tally.add(".txt files without .ann, passed over", (pair[".txt"].name, 1))
        tally.say()

    def _files(self, path: str, is_one: bool, tally: Tally) -> Iterator[CorpusFile]:
        """For one file of a pair also the other."""
        if not is_one:
            return (
                file
                for file in corpus_files(path, self.suffixes, tally.add_left_out)
                if file.plain_name.endswith(self.suffixes)
            )
        stem, suffix = os.path.splitext(path.removesuffix(".gz"))
        given = list(corpus_files(path))
        other = stem + (".txt" if suffix == ".ann" else ".ann")
        for name in (other, other + ".gz"):
            with suppress(CorpusError):
                return iter([*given, *corpus_files(name)])
        return iter(given)

    def _document(
        self, text_file: CorpusFile, file: CorpusFile, stem: str, tally: Tally
    ) -> Document:
        text = text_file.read_text(self._encoding)
        mentions: List[Mention] = []
        for number, line in file.lines(self._encoding, tally.on_error):
            if not line.startswith("T"):
                if _LIKE_AN_ENTITY.match(line):
                    reason = f"looks like an entity; {_ALLOWED}; got {line!r:.80}"
                    tally.report(CorpusError(reason, file.name, number))
                elif line.strip() and not line.startswith(_OTHER_LINES):
                    tally.add("lines that are none of brat's, passed over", (file.name, number))
                continue
            try:
                mentions.append(_mention(line, text, text_file.name, (file.name, number)))
            except CorpusError as error:
                tally.report(error)
        name = stem.removeprefix(file.root) if file.root else os.path.basename(stem)
        return self._splitting.document(
            text,
            mentions,
            file.name,
            tally,
            doc_id=name.replace(os.sep, "/").strip("/"),
            text_path=text_file.name,
        )

    @overrides
    def write(self, documents: Iterable[Document], path: str) -> None:
        path = self.check_target(path)
        temporary = ""
        try:
            with write_errors(path):
                temporary = tempfile.mkdtemp(prefix=".", dir=os.path.dirname(path) or ".")
                names: Dict[str, int] = {}
                for number, document in enumerate(documents, start=1):
                    name = _file_name(document.doc_id or f"{number:05}")
                    if name in names:
                        reason = f"two documents are called {name!r}; brat has a file for each"
                        raise CorpusError(reason, path)
                    names[name] = number
                    self._write_document(document, os.path.join(temporary, name))
                os.chmod(temporary, 0o755)
                os.replace(temporary, path)
                temporary = ""
        finally:
            if temporary:
                shutil.rmtree(temporary, ignore_errors=True)

    @staticmethod
    def check_target(path: str) -> str:
        """The folder to write; a `CorpusError` for what cannot be one."""
        path = str(path).rstrip("/")
        if os.path.exists(path) and (not os.path.isdir(path) or os.listdir(path)):
            raise CorpusError("is there already; allowed is a new or an empty folder", path)
        check_folder_of(path)
        return path

    def _write_document(self, document: Document, stem: str) -> None:
        text, offsets = text_and_offsets(document)
        lines: List[str] = []
        for sentence, spans in zip(document.sentences, offsets, strict=True):
            for entity in sentence.entities:
                if not re.fullmatch(r"\S+", entity.type):
                    raise CorpusError(f"brat cannot hold the type {entity.type!r}: it has a blank")
                parts = [
                    (spans[start][0], spans[end - 1][1])
                    for start, end in entity.fragments or [(entity.start, entity.end)]
                ]
                places = ";".join(f"{start} {end}" for start, end in parts)
                quoted = " ".join(" ".join(text[slice(*part)].split()) for part in parts)
                lines.append(f"T{len(lines) + 1}\t{entity.type} {places}\t{quoted}\n")
        os.makedirs(os.path.dirname(stem), exist_ok=True)
        for ending, content in [(".txt", text), (".ann", "".join(lines))]:
            with open(stem + ending, "wb") as target:
                # Reading takes off one byte order mark.
                is_marked = content.startswith("\ufeff") and self._encoding == "utf-8"
                target.write(content.encode("utf-8-sig" if is_marked else self._encoding))


def _mention(line: str, text: str, text_name: str, place: Tuple[str, int]) -> Mention:
    match = _TEXT_BOUND.fullmatch(line)
    if match is None:
        raise CorpusError(f"{_ALLOWED}; got {line!r:.80}", *place)
    kind, places, quoted = match.groups()
    if len(places) > 10_000:
        raise CorpusError(f"{_ALLOWED}; got {line!r:.80}", *place)
    numbers = [tuple(map(int, part.split(" "))) for part in places.split(";")]
    fragments = tuple((start, end) for start, end in sorted(numbers))
    mention = Mention(fragments, kind, place[1])
    if any(not 0 <= start < end <= len(text) for start, end in fragments):
        # Splitting says what is allowed.
        return mention
    found = [" ".join(text[start:end] for start, end in order) for order in (fragments, numbers)]
    if quoted is not None and quoted.split() not in [each.split() for each in found]:
        raise CorpusError(
            f"entity {kind!r} is {quoted!r}, but {text_name} has {found[0]!r} at {places}", *place
        )
    return mention


def _file_name(doc_id: str) -> str:
    parts = PurePosixPath(doc_id).parts
    if not parts or doc_id.startswith("/") or ".." in parts or "\0" in doc_id:
        raise CorpusError(f"document {doc_id!r} cannot be the name of a file")
    return str(PurePosixPath(doc_id))
