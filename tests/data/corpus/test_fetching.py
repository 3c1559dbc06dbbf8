import errno
import hashlib
import io
import zipfile
from collections import Counter
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.corpus import fetching
from locate_label_allennlp.data.corpus.fetching import (
    PublicCorpus,
    PublicFile,
    fetch,
    public_corpora,
)
from locate_label_allennlp.data.document import CorpusError
from tests.configs import config

TEXT = b"word\tO\n" * 5000


class Server(BaseHTTPRequestHandler):
    """Serves `files`; of those in `broken` only half, and closes the connection."""

    def __init__(self, files, broken, asked, *arguments):
        self.files, self.broken, self.asked = files, broken, asked
        super().__init__(*arguments)

    def do_GET(self):
        self.asked[self.path] += 1
        content = self.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        begin = int(self.headers.get("Range", "bytes=0-")[6:-1])
        if begin >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        end = len(content)
        if self.path in self.broken:
            self.broken.discard(self.path)
            end = begin + (end - begin) // 2
        self.asked[self.path, "bytes"] += end - begin
        self.wfile.write(content[begin:end])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    """The files that are served, the paths that break off once, how often each was asked for."""
    files, broken, asked = {}, set(), Counter()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, files, broken, asked)) as httpd:
        thread = Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}", files, broken, asked
        httpd.shutdown()
        thread.join()


def digest(content):
    return hashlib.sha256(content).hexdigest()


def corpus(*files):
    return PublicCorpus("Title", "A licence", "Somebody (2020)", "data/x", ["next"], list(files))


def one_file(url, content=TEXT, path="train.data"):
    return corpus(PublicFile(f"{url}/train.data", digest(content), path=path))


def names(folder: Path):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_file_is_fetched_once(server, tmp_path):
    url, files, _, asked = server
    files["/train.data"] = TEXT
    found = one_file(url, path="deep/train.data")
    for _ in range(2):
        assert fetch(found, tmp_path) == [tmp_path / "deep/train.data"]
        assert (tmp_path / "deep/train.data").read_bytes() == TEXT
        assert names(tmp_path) == ["SOURCE.md", "deep/train.data"]
    assert asked["/train.data"] == 1
    source = (tmp_path / "SOURCE.md").read_text("utf-8")
    for part in ("# Title", "A licence", "Somebody (2020)", f"{url}/train.data", digest(TEXT)):
        assert part in source
    # What was changed is fetched anew.
    (tmp_path / "deep/train.data").write_bytes(b"other")
    fetch(found, tmp_path)
    assert (tmp_path / "deep/train.data").read_bytes() == TEXT


def test_a_broken_download_goes_on(server, tmp_path):
    url, files, broken, asked = server
    files["/train.data"] = TEXT
    broken.add("/train.data")
    with pytest.raises(ConfigurationError, match=r"/train\.data: .*; the same command goes on"):
        fetch(one_file(url), tmp_path)
    assert names(tmp_path) == [".train.data.download"]
    fetch(one_file(url), tmp_path)
    assert (tmp_path / "train.data").read_bytes() == TEXT
    assert len(TEXT) <= asked["/train.data", "bytes"] < 1.2 * len(TEXT)
    assert names(tmp_path) == ["SOURCE.md", "train.data"]


def test_a_download_that_is_there_whole_is_not_fetched_again(server, tmp_path):
    url, files, _, asked = server
    files["/train.data"] = TEXT
    (tmp_path / ".train.data.download").write_bytes(TEXT)
    fetch(one_file(url), tmp_path)
    assert (tmp_path / "train.data").read_bytes() == TEXT
    assert asked["/train.data", "bytes"] == 0


def test_another_file_than_expected_is_refused(server, tmp_path):
    url, files, _, _ = server
    files["/train.data"] = TEXT + b"more"
    with pytest.raises(ConfigurationError) as error:
        fetch(one_file(url), tmp_path)
    assert str(error.value) == (
        f"{url}/train.data: the sum (SHA-256) of train.data is {digest(TEXT + b'more')}; allowed "
        f"is {digest(TEXT)}"
    )
    assert names(tmp_path) == []


def test_what_is_not_there(server, tmp_path):
    url, *_ = server
    with pytest.raises(ConfigurationError, match=rf"^{url}/train\.data: 404 Not Found$"):
        fetch(one_file(url), tmp_path)
    assert names(tmp_path) == []
    with pytest.raises(ConfigurationError, match=r"^http://127\.0\.0\.1:1/train\.data: "):
        fetch(one_file("http://127.0.0.1:1"), tmp_path)


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_members_of_an_archive(server, tmp_path):
    url, files, _, asked = server
    files["/a.zip"] = zipped(**{"x/one.iob2": b"1", "x/two.iob2": b"2", "x/three.iob2": b"3"})
    wanted = [
        PublicFile(f"{url}/a.zip", digest(b"1"), path="one.iob2", member="one.iob2"),
        PublicFile(f"{url}/a.zip", digest(b"2"), path="2.iob2", member="two.iob2"),
    ]
    fetch(corpus(*wanted), tmp_path)
    assert names(tmp_path) == ["2.iob2", "SOURCE.md", "one.iob2"]
    assert (tmp_path / "2.iob2").read_bytes() == b"2"
    assert asked["/a.zip"] == 1
    missing = PublicFile(f"{url}/a.zip", digest(b"1"), path="4.iob2", member="four.iob2")
    with pytest.raises(ConfigurationError, match=r"of 4\.iob2 is nothing; allowed is"):
        fetch(corpus(missing), tmp_path)


def test_a_folder_of_an_archive(server, tmp_path):
    url, files, _, asked = server
    inside = {"train/1.ann": b"T1", "train/1.txt": b"t", "test/2.txt": b"u"}
    others = {"r/other/train/3.txt": b"v", "r/v1/dev/4.txt": b"w", "r/v1/train/../5.txt": b"x"}
    files["/b.zip"] = zipped(**{f"r/v1/{name}": each for name, each in inside.items()}, **others)
    sums = "".join(sorted(f"{name} {digest(each)}\n" for name, each in inside.items()))
    wanted = PublicFile(
        f"{url}/b.zip", digest(sums.encode()), members="r/v1", parts=("train", "test")
    )
    for _ in range(2):
        paths = fetch(corpus(wanted), tmp_path / "to")
        assert sorted(path.relative_to(tmp_path / "to").as_posix() for path in paths) == sorted(
            inside
        )
        assert names(tmp_path / "to") == ["SOURCE.md", *sorted(inside)]
    assert asked["/b.zip"] == 1
    # Other documents would be read with those of the corpus.
    (tmp_path / "to" / "train" / "9.txt").write_text("other")
    (tmp_path / "to" / "train" / ".9.txt").write_text("hidden")
    with pytest.raises(ConfigurationError, match=r"to/train/9\.txt: is no file of the corpus"):
        fetch(corpus(wanted), tmp_path / "to")
    (tmp_path / "to" / "train" / "9.txt").unlink()
    assert fetch(corpus(wanted), tmp_path / "to")
    files["/b.zip"] = zipped(**{"r/v1/train/1.ann": b"T1"})
    with pytest.raises(ConfigurationError, match=r"the sum \(SHA-256\) of r/v1 is"):
        fetch(corpus(wanted), tmp_path / "anew")
    files["/b.zip"] = b"no zip"
    with pytest.raises(ConfigurationError, match=r"b\.zip: is no whole zip archive"):
        fetch(corpus(wanted), tmp_path / "anew")
    assert names(tmp_path / "anew") == []


def test_an_archive_that_is_damaged(server, tmp_path):
    url, files, _, _ = server
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", TEXT)
    content = bytearray(buffer.getvalue())
    content[31:41] = b"\xff" * 10
    files["/a.zip"] = bytes(content)
    wanted = PublicFile(f"{url}/a.zip", digest(TEXT), path="a", member="a")
    with pytest.raises(ConfigurationError, match=r"a\.zip: is no whole zip archive \(Error -3"):
        fetch(corpus(wanted), tmp_path)
    assert names(tmp_path) == []


def test_what_cannot_be_written_is_named(server, tmp_path, monkeypatch):
    url, files, _, _ = server
    files["/train.data"] = TEXT

    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "progress_bar", full)
    with pytest.raises(CorpusError, match=r"\.train\.data\.download: cannot be written \(No space"):
        fetch(one_file(url), tmp_path)


def test_a_mirror(server, tmp_path):
    url, files, _, _ = server
    files["/example.org/a/train.data"] = TEXT
    found = corpus(PublicFile("https://example.org/a/train.data", digest(TEXT), path="t"))
    fetch(found, tmp_path, mirror=f"{url}/")
    assert (tmp_path / "t").read_bytes() == TEXT


def test_configs_look_where_corpora_are_put():
    corpora = public_corpora()
    assert list(corpora) == ["litbank", "germeval", "nerel", "genia", "weibo", "anercorp", "harem"]
    for name in ("litbank", "germeval", "nerel"):
        settings = config(f"{name}_recommended")
        (file, *_) = corpora[name].files
        paths = {f"{corpora[name].folder}/{each.path}" for each in corpora[name].files}
        paths |= {f"{corpora[name].folder}/{part}" for part in file.parts}
        assert settings["validation_data_path"] in paths
        assert settings["test_data_path"] in paths
        train = settings["train_data_path"]
        assert (train["training"] if isinstance(train, dict) else train) in paths
    for each in corpora.values():
        assert all(len(file.sha256) == 64 for file in each.files)
        assert all(file.url.startswith("https://") for file in each.files)
        assert each.licence
        assert each.cite
