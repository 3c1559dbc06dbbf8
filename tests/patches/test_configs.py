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


class Derived(Part):
    def __init__(self, name: str, **kwargs) -> None:
        super().__init__(**kwargs)
        self.name = name


def test_keys_that_are_handed_on_are_known_too():
    built = Derived.from_params(Params({"name": "it", "size": 3}))
    assert (built.name, built.size, built.rate) == ("it", 3, 0.1)
    with pytest.raises(ConfigurationError) as caught:
        Derived.from_params(Params({"name": "it", "size": 3, "raet": 0.5}))
    assert "Extra parameters passed to Derived: {'raet': 0.5}" in caught.value.message
    assert "allowed are ['name', 'rate', 'size']" in caught.value.message


class Anything(FromParams):
    def __init__(self, **kwargs) -> None:
        self.given = kwargs


def test_what_takes_any_key_still_does():
    assert Anything.from_params(Params({"raet": 0.5})).given == {"raet": 0.5}


def test_what_the_program_gives_is_not_among_the_allowed_keys():
    with pytest.raises(ConfigurationError, match=r"allowed are \['rate'\]"):
        Part.from_params(Params({"raet": 0.5}), size=3)


def test_overrides_may_add_what_a_component_or_a_command_looks_for(fixtures):
    path = str(fixtures / "configs" / "tiny.jsonnet")
    overrides = {"test_data_path": "x", "model.metric": {"by_type": True}, "trainer.new": 1}
    config = Params.from_file(path, overrides).as_dict(quiet=True)
    assert (config["test_data_path"], config["trainer"]["new"]) == ("x", 1)
    assert config["model"]["metric"] == {"by_type": True}
    with pytest.raises(ConfigurationError, match="override 'tests' is of no key of the config"):
        Params.from_file(path, {"tests": 1})


def test_other_files_of_parameters_have_keys_of_their_own(tmp_path):
    (tmp_path / "a.json").write_text('{"a": 1}')
    assert Params.from_file(str(tmp_path / "a.json"), {"b": 2}).as_dict() == {"a": 1, "b": 2}
