"""The folder that a bulk prediction fills."""

import fcntl
import json
import os
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Sequence, Set

from allennlp.common.checks import ConfigurationError
from allennlp.common.util import JsonDict

from locate_label_allennlp.bulk.libraries import library
from locate_label_allennlp.bulk.parts import PARQUET
from locate_label_allennlp.common.whole_files import remove_partial_files
from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats.corpus_files import atomic_file, write_errors

MANIFEST, REJECTED = "manifest.json", "rejected.jsonl"

_REJECTED = ".rejected"


class OutputFolder:
    """
    `part-00000000.jsonl` and so on, in the order of the inputs; `rejected.jsonl`; `manifest.json`,
    which is written first and says at the end that all is there. A part is there whole or not.

    # Parameters

    path : `str`
    format : `str`
        `"jsonl"`: the lines of `allennlp predict`; `"parquet"`: a row for each.
    """

    def __init__(self, path: str, format: str) -> None:
        self._path = Path(path)
        self._suffix = f".{format}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """
        The folder is made, and no other process fills it meanwhile.

        # Raises

        `ConfigurationError` if one does.
        """
        with write_errors(str(self._path)):
            self._path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise ConfigurationError(
                f"{self._path}: another process fills it; allowed is one at a time"
            ) from error
        finally:
            os.close(descriptor)

    def begin(self, settings: JsonDict) -> Set[int]:
        """
        # Parameters

        settings : `Dict[str, Any]`
            What the parts follow from.

        # Returns

        `Set[int]`
            The parts that an earlier call has left.

        # Raises

        `ConfigurationError` if they follow from something else, or the folder is not ours.
        """
        self._path.mkdir(parents=True, exist_ok=True)
        remove_partial_files(self._path)
        manifest = self._path / MANIFEST
        if manifest.exists():
            known = _settings(manifest)
            changed = sorted(name for name in settings if known.get(name) != settings[name])
            if changed and self._parts(".*"):
                raise ConfigurationError(
                    f"{manifest}: is of another prediction ({', '.join(changed)} differ); allowed "
                    "is the same one, to go on with, or an empty folder"
                )
            if changed:
                self._write_manifest({"settings": settings, "complete": False})
        elif any(self._path.iterdir()):
            raise ConfigurationError(
                f"{self._path}: is neither empty nor has it a {MANIFEST} to go on from"
            )
        else:
            self._write_manifest({"settings": settings, "complete": False})
        return {int(path.stem.partition("-")[2]) for path in self._parts(self._suffix)}

    def part(self, number: int) -> Path:
        return self._path / f"part-{number:08}{self._suffix}"

    def write(self, number: int, outputs: Iterable[JsonDict], dumped: Iterable[str]) -> None:
        """A part, whole: what is predicted on each input, and the line of `predict` for it."""
        if self._suffix == PARQUET:
            with atomic_file(str(self.part(number))) as file:
                library("pyarrow.parquet").write_table(_table(list(outputs)), file)
            return
        with atomic_file(str(self.part(number))) as file:
            for line in dumped:
                file.write(line.encode())

    def reject(self, number: int, errors: Sequence[CorpusError]) -> None:
        """What of a part is no allowed input; to be called before `write`."""
        if not errors:
            return
        with atomic_file(str(self._rejected(number))) as file:
            for error in errors:
                entry = {"file": str(error.path), "line": error.line, "reason": error.reason}
                file.write((json.dumps(entry, ensure_ascii=False) + "\n").encode())

    def end(self, num_parts: int) -> JsonDict:
        """
        Gathers what was rejected, and completes the manifest, which is returned.

        # Raises

        `CorpusError` if a part is missing.
        """
        missing = [number for number in range(num_parts) if not self.part(number).exists()]
        if missing:
            raise CorpusError("is missing", self.part(missing[0]))
        manifest: JsonDict = json.loads((self._path / MANIFEST).read_bytes())
        if manifest["complete"]:
            return manifest
        rejected = self._parts(_REJECTED)
        lines = chain.from_iterable(path.read_bytes().splitlines(True) for path in rejected)
        num_rejected = 0
        with atomic_file(str(self._path / REJECTED)) as file:
            for line in lines:
                file.write(line)
                num_rejected += 1
        parts = {path.name: self._count(path) for path in self._parts(self._suffix)}
        manifest.update(
            complete=True, documents=sum(parts.values()), rejected=num_rejected, parts=parts
        )
        self._write_manifest(manifest)
        for path in rejected:
            path.unlink()
        return manifest

    def _parts(self, suffix: str) -> List[Path]:
        return sorted(self._path.glob(f"part-*{suffix}"))

    def _rejected(self, number: int) -> Path:
        return self._path / f"part-{number:08}{_REJECTED}"

    def _count(self, path: Path) -> int:
        if self._suffix == PARQUET:
            return int(library("pyarrow.parquet").ParquetFile(path).metadata.num_rows)
        with open(path, "rb") as file:
            return sum(1 for _ in file)

    def _write_manifest(self, content: JsonDict) -> None:
        with atomic_file(str(self._path / MANIFEST)) as file:
            file.write((json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())


def _settings(manifest: Path) -> JsonDict:
    try:
        content = json.loads(manifest.read_bytes())
    except ValueError:
        content = None
    settings = content.get("settings") if isinstance(content, dict) else None
    if not isinstance(settings, dict):
        raise ConfigurationError(
            f"{manifest}: is of no bulk prediction; allowed is the folder of one, or an empty one"
        )
    return settings


def _table(outputs: List[JsonDict]) -> Any:
    """A row for each: what came in as JSON, and its entities."""
    arrow = library("pyarrow")
    whole = {name: arrow.int64() for name in ("sentence", "start", "end", "start_char", "end_char")}
    fields = {"type": arrow.string(), "text": arrow.string(), "score": arrow.float64(), **whole}
    entities = arrow.list_(arrow.struct(list(fields.items())))
    schema = [("doc_id", arrow.string()), ("text", arrow.string()), ("document", arrow.string())]
    rows: List[Dict[str, Any]] = []
    for output in outputs:
        doc_id, text = output.get("doc_id"), output.get("text")
        rest = {name: each for name, each in output.items() if name != "entities"}
        rows.append(
            {
                "doc_id": None if doc_id is None else str(doc_id),
                "text": text if isinstance(text, str) else None,
                "document": json.dumps(rest, ensure_ascii=False),
                "entities": output["entities"],
            }
        )
    return arrow.Table.from_pylist(rows, schema=arrow.schema([*schema, ("entities", entities)]))
