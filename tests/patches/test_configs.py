import pytest
from allennlp.common import FromParams, Params
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.patches.configs import VARIABLE

CONFIG = """
local env = import '%s/training_config/lib/environment.libsonnet';
{
  text: env.text('SOME_FOLDER', 'default'),
  number: env.number('SOME_NUMBER', 0.5),
  list: env.number('SOME_LIST', [1]),
}
"""


@pytest.fixture
def evaluated(fixtures, tmp_path, monkeypatch):
    for name in ("SOME_FOLDER", "SOME_NUMBER", "SOME_LIST"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config.jsonnet"
    path.write_text(CONFIG % fixtures.parent, encoding="utf-8")
    return lambda **options: Params.from_file(str(path), **options).as_dict()


def test_variables_that_are_not_set_have_defaults(evaluated):
    assert evaluated() == {"text": "default", "number": 0.5, "list": [1]}


def test_variables_that_are_set_win(evaluated, monkeypatch):
    monkeypatch.setenv("SOME_FOLDER", 'a "quoted" path/ü')
    monkeypatch.setenv("SOME_NUMBER", "3e-5")
    monkeypatch.setenv("SOME_LIST", "[2, 3]")
    assert evaluated() == {"text": 'a "quoted" path/ü', "number": 3e-5, "list": [2, 3]}


def test_an_empty_variable_is_set(evaluated, monkeypatch):
    monkeypatch.setenv("SOME_FOLDER", "")
    assert evaluated()["text"] == ""


def test_allennlps_own_external_variables_still_work(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_FOLDER", "here")
    path = tmp_path / "config.jsonnet"
    path.write_text("{ a: std.extVar('SOME_FOLDER'), b: std.extVar('given') }", encoding="utf-8")
    assert Params.from_file(str(path), ext_vars={"given": "x"}).as_dict() == {"a": "here", "b": "x"}
    assert VARIABLE == "locate_label_environment"


class Part(FromParams):
    def __init__(self, size: int, rate: float = 0.1) -> None:
        self.size, self.rate = size, rate


class Whole(FromParams):
    def __init__(self, part: Part) -> None:
        self.part = part


def test_a_key_too_many_is_named_with_the_allowed_ones():
    with pytest.raises(ConfigurationError) as caught:
        Whole.from_params(Params({"part": {"size": 3, "raet": 0.5}}))
    assert "Extra parameters passed to Part: {'raet': 0.5}" in caught.value.message
    assert "allowed are ['rate', 'size']" in caught.value.message


def test_sound_configs_and_other_errors_are_as_before():
    assert Whole.from_params(Params({"part": {"size": 3}})).part.rate == 0.1
    with pytest.raises(ConfigurationError, match="size"):
        Part.from_params(Params({}))
