import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from huggingface_hub import constants

from locate_label_allennlp.common import encoders
from locate_label_allennlp.common.encoders import (
    ENCODER_FOLDER,
    encoder_source,
    holds_trained_weights,
    load_config,
    load_tokenizer,
    load_transformer,
    longest_input,
    special_pieces,
)


def files(folder):
    return {path.name for path in Path(folder).iterdir()}


def test_without_a_serialization_dir_the_encoder_itself_is_read(tiny_bert):
    assert encoder_source(tiny_bert, None) == tiny_bert


def test_a_copy_of_configuration_and_tokenizer_is_kept(tiny_bert, tmp_path):
    source = encoder_source(tiny_bert, str(tmp_path))
    assert Path(source).parent == tmp_path / ENCODER_FOLDER
    assert Path(source).name.startswith("tiny-bert-")
    assert {"config.json", "tokenizer.json", "tokenizer_config.json"} <= files(source)
    assert not any(name.endswith((".safetensors", ".bin")) for name in files(source))
    assert files(tmp_path / ENCODER_FOLDER) == {Path(source).name}


@pytest.mark.parametrize("encoder", ["tiny_bert", "tiny_roberta"])
def test_the_copy_serves_without_the_original(encoder, request, tmp_path):
    original = tmp_path / "original" / "enc"
    shutil.copytree(request.getfixturevalue(encoder), original)
    expected = load_tokenizer(str(original))(["the port of tarn"])["input_ids"]
    source = encoder_source(str(original), str(tmp_path / "run"))
    shutil.rmtree(original)
    assert encoder_source(str(original), str(tmp_path / "run")) == source
    assert load_tokenizer(source)(["the port of tarn"])["input_ids"] == expected
    assert load_config(source).hidden_size == 16
    transformer = load_transformer(str(original), source, pretrained=False)
    assert transformer(input_ids=torch.tensor([[5, 6]])).last_hidden_state.size() == (1, 2, 16)


def test_pretrained_weights_come_from_the_original(tiny_bert, tmp_path):
    source = encoder_source(tiny_bert, str(tmp_path))
    first, second = (load_transformer(tiny_bert, source, pretrained=True) for _ in range(2))
    for name, weight in first.state_dict().items():
        assert torch.equal(weight, second.state_dict()[name])


def test_many_processes_may_copy_at_once(tiny_bert, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        sources = set(pool.map(encoder_source, [tiny_bert] * 16, [str(tmp_path)] * 16))
    (source,) = sources
    # No half copies are left behind.
    assert files(tmp_path / ENCODER_FOLDER) == {Path(source).name}
    assert load_tokenizer(source).is_fast


def test_a_copy_that_fails_leaves_nothing_behind(tmp_path):
    with pytest.raises(ConfigurationError):
        encoder_source(str(tmp_path / "nowhere"), str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_two_encoders_of_one_name_are_not_mixed_up(tiny_bert, tiny_roberta, tmp_path):
    one = shutil.copytree(tiny_bert, tmp_path / "one" / "model")
    other = shutil.copytree(tiny_roberta, tmp_path / "other" / "model")
    sources = [encoder_source(str(folder), str(tmp_path / "run")) for folder in (one, other)]
    assert [load_config(source).model_type for source in sources] == ["bert", "roberta"]


@pytest.fixture
def hub(monkeypatch):
    """Makes one of the given address the model hub."""

    def use(address):
        monkeypatch.setattr(constants, "ENDPOINT", address)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        encoders._is_reachable.cache_clear()

    yield use
    encoders._is_reachable.cache_clear()


@pytest.fixture
def hub_without_models(hub):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    hub(f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("load", [load_config, load_tokenizer])
@pytest.mark.parametrize("name", ["some/encoder", "no/folder/at/all", "/no/folder"])
def test_a_name_that_the_hub_does_not_know(load, name, hub_without_models):
    with pytest.raises(ConfigurationError) as caught:
        load(name)
    assert f"encoder {name!r} (ENCODER) is neither a folder here nor a model" in str(caught.value)
    assert "Allowed is a folder with config.json, weights and tokenizer, or" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_hub_that_cannot_be_reached_is_given_up_at_once(hub):
    hub("http://127.0.0.1:9")
    begin = time.monotonic()
    with pytest.raises(ConfigurationError) as caught:
        load_config("some/encoder")
    assert time.monotonic() - begin < 3
    assert "the model hub http://127.0.0.1:9 cannot be reached: is this machine offline" in str(
        caught.value
    )


def test_a_copy_serves_where_the_hub_cannot_be_reached(hub, tiny_bert, tmp_path, monkeypatch):
    hub("http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    model = tmp_path / "models--some--encoder"
    shutil.copytree(tiny_bert, model / "snapshots" / "1")
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("1")
    assert not encoders._is_reachable("some/encoder")


def test_a_folder_that_holds_no_encoder(tmp_path):
    with pytest.raises(ConfigurationError, match=r"encoder folder .* has no config\.json"):
        load_config(str(tmp_path))


def test_a_folder_without_weights(tiny_bert, tmp_path):
    folder = shutil.copytree(tiny_bert, tmp_path / "light")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ConfigurationError, match="light' could not be loaded by AutoModel"):
        load_transformer(str(folder), str(folder), pretrained=True)


@pytest.mark.parametrize("name", ["weights.th", "best.th", "model_state_e2_b0.th"])
def test_where_trained_weights_lie(name, tmp_path):
    assert not holds_trained_weights(None)
    assert not holds_trained_weights(str(tmp_path / "nowhere"))
    assert not holds_trained_weights(str(tmp_path))
    (tmp_path / name).touch()
    assert holds_trained_weights(str(tmp_path))


def test_special_pieces(tiny_bert, tiny_roberta):
    assert special_pieces(load_tokenizer(tiny_bert)) == ((2,), (3,))
    assert special_pieces(load_tokenizer(tiny_roberta)) == ((0,), (2,))


@pytest.mark.parametrize(
    ("of_tokenizer", "of_config", "expected"), [(32, 32, 32), (20, 32, 20), (None, 32, 32)]
)
def test_the_smallest_limit_counts(tiny_bert, tmp_path, of_tokenizer, of_config, expected):
    folder = shutil.copytree(tiny_bert, tmp_path / "limited")
    for name, key, value in [
        ("tokenizer_config.json", "model_max_length", of_tokenizer),
        ("config.json", "max_position_embeddings", of_config),
    ]:
        settings = json.loads((folder / name).read_text())
        settings.pop(key)
        if value is not None:
            settings[key] = value
        (folder / name).write_text(json.dumps(settings))
    assert longest_input(str(folder)) == expected
