"""Models published to a hub and loaded from there; the hub is one on this machine."""

import json
import shutil
from pathlib import Path
from typing import Any, Iterator

import pytest
import spacy
from allennlp.common.checks import ConfigurationError
from huggingface_hub import constants, file_download

import locate_label_allennlp
from locate_label_allennlp.common import unpacking
from locate_label_allennlp.model_folder.hub import HubName, downloaded, hub_name, publish
from locate_label_allennlp.model_folder.layout import belongs
from locate_label_allennlp.predictors.loading import local_path
from tests.allennlp_command import run_allennlp
from tests.model_folder.fake_hub import TOKEN, FakeHub, fake_hub
from tests.model_folder.test_export import TEXTS, found, without_pickle

NAME = "harbour/tarn"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub, without anything that was fetched from it."""
    with fake_hub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        # Before version 1 of huggingface_hub the second module keeps a copy.
        for module in (constants, file_download):
            monkeypatch.setattr(module, "HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.chdir(tmp_path)
        yield hub


def content(folder: Path) -> Any:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_what_is_published_is_loaded(hub: FakeHub, exported: Path) -> None:
    address = publish(str(exported), NAME)
    sha, files = hub.files(NAME, "main")
    assert address == f"{hub.url}/{NAME}/commit/{sha}"
    assert files == {".gitattributes": b"", **content(exported)}
    assert len(hub.commits) == 2  # that which makes it, and one
    expected = found(exported)
    assert any(expected)
    assert found(Path(downloaded(NAME))) == expected
    hub.requests.clear()
    ner = locate_label_allennlp.load(NAME, precision="fp32")
    assert [[vars(each) for each in ner(text)] for text in TEXTS] == expected
    assert hub.requests
    assert not [request for request in hub.requests if "/resolve/" in request]


def test_nothing_is_asked_with_local_files_only(hub: FakeHub, exported: Path) -> None:
    publish(str(exported), NAME)
    with pytest.raises(
        ConfigurationError, match=r"the hub may not be asked .* no whole copy of it"
    ):
        locate_label_allennlp.load(NAME, local_files_only=True)
    expected = locate_label_allennlp.load(NAME)(TEXTS[0])
    hub.requests.clear()
    for name in (NAME, f"hf://{NAME}"):
        assert locate_label_allennlp.load(name, local_files_only=True)(TEXTS[0]) == expected
    assert not hub.requests


def test_a_pipeline_of_spacy_stores_its_model_of_the_hub(
    hub: FakeHub, exported: Path, tmp_path: Path
) -> None:
    publish(str(exported), NAME)
    nlp = spacy.blank("en")
    nlp.add_pipe("locate_label", config={"model": NAME})
    doc = nlp(TEXTS[0])
    before = [str(span) for span in doc.spans["sc"]]
    nlp.to_disk(tmp_path / "pipeline")
    assert content(tmp_path / "pipeline" / "locate_label" / "model") == content(exported)
    hub.requests.clear()
    doc = spacy.load(tmp_path / "pipeline")(TEXTS[0])
    assert [str(span) for span in doc.spans["sc"]] == before
    assert before
    assert not hub.requests


def test_a_revision(hub: FakeHub, folder: Path) -> None:
    publish(str(folder), NAME)
    first, _ = hub.files(NAME, "main")
    (folder / "README.md").write_text("---\nlicense: mit\n---\nsecond")
    publish(str(folder), NAME, revision="v2")
    assert hub.files(NAME, "main")[0] == first
    assert (Path(downloaded(NAME, "v2")) / "README.md").read_text().endswith("second")
    for same in (downloaded(NAME), downloaded(NAME, first)):
        assert not (Path(same) / "README.md").read_text().endswith("second")
    assert locate_label_allennlp.load(f"{NAME}@v2")(TEXTS[0])
    with pytest.raises(ConfigurationError, match="has no revision 'v3'; allowed is a branch, a"):
        locate_label_allennlp.load(f"{NAME}@v3")


def test_an_older_model_s_files_go(hub: FakeHub, folder: Path) -> None:
    (folder / "vocabulary" / "old.txt").write_text("old")
    publish(str(folder), NAME)
    assert "vocabulary/old.txt" in hub.files(NAME, "main")[1]
    (folder / "vocabulary" / "old.txt").unlink()
    publish(str(folder), NAME)
    assert hub.files(NAME, "main")[1] == {".gitattributes": b"", **content(folder)}


def test_nothing_is_asked_offline(
    hub: FakeHub, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(str(exported), NAME)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.requests.clear()
    with pytest.raises(ConfigurationError, match="no whole copy of it is on this machine"):
        locate_label_allennlp.load(NAME)
    with pytest.raises(ConfigurationError, match="HF_HUB_OFFLINE is set; nothing can be publ"):
        publish(str(exported), NAME)
    assert not hub.requests
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    locate_label_allennlp.load(NAME)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.requests.clear()
    assert locate_label_allennlp.load(NAME)(TEXTS[0])
    assert not hub.requests


def test_a_hub_that_cannot_be_reached(
    hub: FakeHub, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(str(exported), NAME)
    downloaded(NAME)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert locate_label_allennlp.load(NAME)(TEXTS[0])
    with pytest.raises(ConfigurationError, match=r"the hub http://127\.0\.0\.1:9 cannot be rea"):
        locate_label_allennlp.load("harbour/other")
    with pytest.raises(ConfigurationError, match=r"tarn cannot be published: the hub http://127"):
        publish(str(exported), NAME)


def test_what_is_no_model_is_not_downloaded(
    hub: FakeHub, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = content(exported)
    hub.add("harbour/bert", {name: files[name] for name in ("config.json", "model.safetensors")})
    with pytest.raises(ConfigurationError, match="it has no vocabulary/non_padded"):
        locate_label_allennlp.load("harbour/bert")
    hub.add("harbour/large", files)
    hub.sizes["model.safetensors"] = unpacking.TOTAL
    with pytest.raises(ConfigurationError, match="it is larger than 32 GiB, up to 'model"):
        locate_label_allennlp.load("harbour/large")
    assert not [request for request in hub.requests if "/resolve/" in request]
    with pytest.raises(ConfigurationError, match="harbour/none is neither a file or"):
        locate_label_allennlp.load("harbour/none")


def test_only_a_model_is_downloaded_and_it_is_checked(hub: FakeHub, exported: Path) -> None:
    files = content(exported)
    extra = {"weights.th": b"x", "code.py": b"x", "vocabulary/x.pkl": b"x", "encoder/a/x.bin": b"x"}
    hub.add(NAME, {**files, **extra})
    assert content(Path(downloaded(NAME))).keys() == files.keys()
    config = files["config.json"].replace(b'"soft_nms"', b'"subprocess.Popen"')
    hub.add("harbour/hostile", {**files, "config.json": config})
    with pytest.raises(ConfigurationError, match=r"'subprocess\.Popen' as EntityDecoder"):
        locate_label_allennlp.load("harbour/hostile")


def test_a_link_out_of_the_copy_is_refused(hub: FakeHub, exported: Path, tmp_path: Path) -> None:
    hub.add(NAME, content(exported))
    copy = Path(downloaded(NAME))
    assert (copy / "config.json").is_symlink()
    shutil.copy(copy / "config.json", tmp_path / "config.json")
    (copy / "config.json").unlink()
    (copy / "config.json").symlink_to(tmp_path / "config.json")
    with pytest.raises(ConfigurationError, match=r"'config\.json' leads out of it"):
        locate_label_allennlp.load(copy)


def test_what_is_not_published(hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tarn", "a/b/c", "../tarn", "hf://a/b", "a/b@main"):
        with pytest.raises(ConfigurationError, match="is no name on the hub; allowed is ORG/NAME"):
            publish(str(folder), name)
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    with pytest.raises(ConfigurationError, match=r"tarn cannot be published: .*401"):
        publish(str(folder), NAME)
    hub.requests.clear()
    (folder / "README.md").rename(folder / "card.md")
    with pytest.raises(ConfigurationError, match=r"cannot be published: it has no README\.md"):
        publish(str(folder), NAME)
    (folder / "card.md").rename(folder / "README.md")
    (folder / "vocabulary" / "link.txt").symlink_to("/etc/hosts")
    with pytest.raises(ConfigurationError, match=r"'vocabulary/link\.txt' leads out of it"):
        publish(str(folder), NAME)
    (folder / "config.json").unlink()
    with pytest.raises(ConfigurationError, match=r"has no config\.json; allowed is what"):
        publish(str(folder), NAME)
    assert not hub.requests


def test_which_texts_name_a_model_of_the_hub(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "output").mkdir()
    for text, name in {
        "org/name": HubName("org/name"),
        "org/name@v1.0": HubName("org/name", "v1.0"),
        "hf://output/model.tar.gz": HubName("output/model.tar.gz"),
        "hf://org/name@refs/pr/1": HubName("org/name", "refs/pr/1"),
        "output/mine": None,
        "org/model.tar.gz": None,
        "name": None,
        "a/b/c": None,
        "../a": None,
        "/a/b": None,
        "https://host/a": None,
        "": None,
    }.items():
        assert hub_name(text) == name, text


def test_which_files_belong() -> None:
    for name in ("README.md", "vocabulary/tokens.txt", "encoder/a/tokenizer.json"):
        assert belongs(name)
    for name in ("weights.th", "encoder/a/code.py", "vocabulary/a.pkl", "x/config.json", ".git/a"):
        assert not belongs(name)


def test_the_commands(hub: FakeHub, exported: Path, tmp_path: Path) -> None:
    """As a user runs them, with the address of the hub in the environment."""
    environment = {
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": TOKEN,
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(tmp_path / "home"),
    }
    (tmp_path / "raw.txt").write_text("\n".join(TEXTS))
    printed = run_allennlp("publish-model", exported, NAME, cwd=tmp_path, **environment)
    assert f"{exported}: {hub.url}/{NAME}/commit/" in printed
    drawn = run_allennlp("draw-entities", NAME, "raw.txt", cwd=tmp_path, **environment)
    assert "PLACE" in drawn
    offline = without_pickle(Path(NAME), **{**environment, "HF_HUB_OFFLINE": "1"})
    assert offline.returncode == 0, offline.stderr
    assert any(json.loads(offline.stdout.splitlines()[-1]))


def test_local_files_only(hub: FakeHub, exported: Path) -> None:
    publish(str(exported), NAME)
    with pytest.raises(ConfigurationError, match="no whole copy of it is on this machine"):
        locate_label_allennlp.load(NAME, local_files_only=True)
    copy = downloaded(NAME)
    hub.requests.clear()
    for name in (NAME, f"hf://{NAME}", f"{NAME}@main"):
        assert locate_label_allennlp.load(name, local_files_only=True)(TEXTS[0])
        assert local_path(name) == copy
    assert not hub.requests
