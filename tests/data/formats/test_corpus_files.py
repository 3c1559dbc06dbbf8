import gzip
import io
import os
import tarfile
import zipfile

import pytest

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats.corpus_files import atomic_file, corpus_files


def names(path, *suffixes):
    return [file.name for file in corpus_files(str(path), suffixes)]


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "corpus"
    (root / "inner").mkdir(parents=True)
    (root / "b.tsv").write_text("b")
    (root / "inner" / "a.tsv.gz").write_bytes(gzip.compress(b"a"))
    (root / "notes.md").write_text("notes")
    (root / ".hidden.tsv").write_text("hidden")
    return root


def test_a_folder_with_all_folders_in_it(folder):
    assert names(folder, ".tsv") == [f"{folder}/b.tsv", f"{folder}/inner/a.tsv.gz"]
    assert names(folder) == [f"{folder}/{each}" for each in ("b.tsv", "inner/a.tsv.gz", "notes.md")]
    assert [file.read_text() for file in corpus_files(str(folder), [".tsv"])] == ["b", "a"]


def test_a_pattern(folder):
    assert names(folder / "*.tsv") == [f"{folder}/b.tsv"]
    assert names(folder / "**" / "*.tsv*") == [f"{folder}/b.tsv", f"{folder}/inner/a.tsv.gz"]


@pytest.fixture(params=[".zip", ".tar", ".tar.gz", ".tgz"])
def archive(request, folder, tmp_path):
    path = tmp_path / f"archive{request.param}"
    if request.param == ".zip":
        with zipfile.ZipFile(path, "w") as target:
            for name in ("b.tsv", "inner/a.tsv.gz", "notes.md"):
                target.write(folder / name, name)
    else:
        with tarfile.open(path, "w" if request.param == ".tar" else "w:gz") as target:
            for name in ("b.tsv", "inner/a.tsv.gz", "notes.md"):
                target.add(folder / name, name)
    return path


def test_an_archive_and_its_members(archive):
    a, b, notes = (f"{archive}!{name}" for name in ("inner/a.tsv.gz", "b.tsv", "notes.md"))
    assert names(archive, ".tsv") == [b, a]
    assert names(archive) == [b, a, notes]
    assert names(f"{archive}!notes.md", ".tsv") == [notes]
    assert names(f"{archive}!inner", ".tsv") == [a]
    assert names(f"{archive}!inner/*") == [a]
    assert [file.read_text() for file in corpus_files(str(archive), [".tsv"])] == ["b", "a"]
    (file,) = corpus_files(a)
    assert list(file.lines()) == [(1, "a")]


def test_what_is_not_there_is_named(archive, folder):
    for path, suffixes, message in [
        (f"{archive}!c.tsv", [], f"{archive}: has no member 'c.tsv'"),
        (archive, [".xml"], f"{archive}: the archive has no file ending in .xml"),
        (folder, [".xml", ".x"], f"{folder}: the folder has no file ending in .xml or .x"),
        (folder / "*.xml", [], f"{folder}/*.xml: no such file (looked from"),
        (f"{folder}/c.zip!a", [], f"{folder}/c.zip: no such file (looked from"),
        (f"{folder}/b.tsv!a", [], f"{folder}/b.tsv: is no archive; allowed are .zip, .tar"),
    ]:
        with pytest.raises(CorpusError) as caught:
            names(path, *suffixes)
        assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", ["broken.zip", "broken.tar", "broken.tar.gz", "broken.gz"])
@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04nothing", gzip.compress(b"x" * 99, mtime=0)[:-9]]
)
def test_what_cannot_be_unpacked_is_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=rf"{name}: (cannot be unpacked|the archive has no file)"):
        [file.read_bytes() for file in corpus_files(str(path))]


def test_a_name_with_an_exclamation_mark(tmp_path):
    (tmp_path / "yes!.tsv").write_text("yes")
    assert names(tmp_path / "yes!.tsv") == [f"{tmp_path}/yes!.tsv"]


def test_a_whole_text_keeps_its_line_ends_and_names_the_line(tmp_path):
    path = tmp_path / "text"
    path.write_bytes("\ufeffone\r\ntwo\n".encode())
    (file,) = corpus_files(str(path))
    assert file.read_text() == "one\r\ntwo\n"
    path.write_bytes(b"one\ntwo\nth\xffree\n")
    with pytest.raises(CorpusError, match=r"text:3: is not UTF-8"):
        file.read_text()
    assert file.read_text("latin-1") == "one\ntwo\nth\u00ffree\n"


def test_lines_that_are_not_utf8_can_be_read_on(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"a\n\xff\nb\n")
    (file,) = corpus_files(str(path))
    errors = []
    assert list(file.lines(on_error=errors.append)) == [(1, "a"), (2, "\ufffd"), (3, "b")]
    assert [error.line for error in errors] == [2]


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "out"
    path.write_text("before")

    def fail():
        with atomic_file(str(path)) as target:
            target.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["out"]
    with atomic_file(str(path)) as target:
        target.write(b"whole")
    assert path.read_text() == "whole"
    with pytest.raises(CorpusError, match="cannot be written"), atomic_file(f"{path}/no/such"):
        pass


def test_compressed_output_has_no_time(tmp_path):
    path = tmp_path / "out.gz"
    with atomic_file(str(path)) as target:
        target.write(b"whole")
    content = path.read_bytes()
    assert gzip.decompress(content) == b"whole"
    assert gzip.GzipFile(fileobj=io.BytesIO(content)).mtime in (None, 0)
    assert content[4:8] == b"\0\0\0\0"
