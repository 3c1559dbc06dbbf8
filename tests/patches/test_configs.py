import os
from pathlib import Path

import pytest
from allennlp.common import FromParams, Params
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.patches.configs import VARIABLE

CONFIG = """
local env = import '%s/training_config/lib/environment.libsonnet';
{
  text: env.text('SOME_FOLDER', 'default'),
  whole: env.whole('SOME_NUMBER', 5),
  even: env.whole('SOME_EVEN', 2, step=2),
  positive: env.positive('SOME_POSITIVE', 0.5),
  rate: env.unless_empty('SOME_RATE', env.rate('SOME_RATE', 0.1)),
  flag: env.flag('SOME_FLAG', true),
  choice: env.choice('SOME_CHOICE', 'one', ['one', 'two']),
  paths: env.paths('SOME_PATHS', 'a'),
  devices: env.devices('SOME_DEVICES'),
  component: env.component('SOME_COMPONENT', 'auto'),
}
"""
DEFAULTS = {
    "text": "default",
    "whole": 5,
    "even": 2,
    "positive": 0.5,
    "rate": 0.1,
    "flag": True,
    "choice": "one",
    "paths": "a",
    "devices": [],
    "component": "auto",
}


@pytest.fixture
def evaluated(fixtures, tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("SOME_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "config.jsonnet"
    path.write_text(CONFIG % fixtures.parent, encoding="utf-8")
    return lambda: Params.from_file(str(path)).as_dict()


def test_variables_that_are_not_set_have_defaults(evaluated):
    assert evaluated() == DEFAULTS


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("SOME_FOLDER", 'a "quoted" path/ü', "text", 'a "quoted" path/ü'),
        ("SOME_FOLDER", "", "text", ""),
        ("SOME_NUMBER", "12", "whole", 12),
        ("SOME_EVEN", "64", "even", 64),
        ("SOME_POSITIVE", "3e-5", "positive", 3e-5),
        ("SOME_RATE", "0", "rate", 0),
        ("SOME_RATE", "", "rate", None),
        ("SOME_FLAG", "false", "flag", False),
        ("SOME_CHOICE", "two", "choice", "two"),
        ("SOME_PATHS", "b", "paths", "b"),
        ("SOME_PATHS", "b, c.jsonl", "paths", ["b", "c.jsonl"]),
        ("SOME_PATHS", '["b,c", "d"]', "paths", ["b,c", "d"]),
        ("SOME_PATHS", "", "paths", None),
        ("SOME_DEVICES", "0, 1", "devices", [0, 1]),
        ("SOME_DEVICES", "-1", "devices", [-1]),
        ("SOME_DEVICES", "", "devices", []),
        ("SOME_COMPONENT", "brat", "component", "brat"),
        ("SOME_COMPONENT", '{"type": "brat"}', "component", {"type": "brat"}),
    ],
)
def test_variables_that_are_set_win(evaluated, monkeypatch, name, text, key, value):
    monkeypatch.setenv(name, text)
    assert evaluated() == {**DEFAULTS, key: value}


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("SOME_NUMBER", "abc", "a whole number from 1"),
        ("SOME_NUMBER", "0", "a whole number from 1"),
        ("SOME_NUMBER", "0.5", "a whole number from 1"),
        ("SOME_NUMBER", "", "a whole number from 1"),
        ("SOME_NUMBER", "NaN", "a whole number from 1"),
        ("SOME_EVEN", "63", "a multiple of 2"),
        ("SOME_EVEN", "0", "a multiple of 2"),
        ("SOME_POSITIVE", "-1", "a number above 0, such as 0.001 or 3e-5"),
        ("SOME_RATE", "1", "a number from 0 to less than 1"),
        ("SOME_FLAG", "yes", "true or false"),
        ("SOME_CHOICE", "three", "one of one, two"),
        ("SOME_PATHS", "[1]", "the path of a corpus, or several with commas between them"),
        ("SOME_DEVICES", "0,x", "numbers of devices with commas between them, such as 0,1"),
        ("SOME_COMPONENT", '{"type": ', 'a name, or JSON such as {"type": "brat"'),
        ("SOME_COMPONENT", "", 'a name, or JSON such as {"type": "brat"'),
    ],
)
def test_a_variable_that_may_not_be_what_it_is(evaluated, monkeypatch, name, text, allowed):
    monkeypatch.setenv(name, text)
    with pytest.raises(ConfigurationError) as caught:
        evaluated()
    assert caught.value.message.startswith(f"{name} is '{text}'; allowed is {allowed}")
    assert "\n" not in caught.value.message


def refusal(path: str, text: str, overrides: str = "") -> str:
    """What is said of a config that is refused."""
    Path(path).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        Params.from_file(path, overrides)
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ a: 1,\n  b: }\n", ':2:6: unexpected: "}" while parsing terminal'),
        ("{\n  a: 1 + {}.b }", ":2: field does not exist: b"),
        ("{ a: error 'too small' }", ":1: too small"),
        ("{\n assert self.a > 1 : 'too small', a: 1 }", ":2: too small"),
    ],
)
def test_broken_jsonnet_is_one_line_with_its_place(text, message, tmp_path):
    path = str(tmp_path / "config.jsonnet")
    assert refusal(path, text).strip() == f"{path}{message}"


def test_a_config_that_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nowhere\.jsonnet: no such config \(looked from"):
        Params.from_file(str(tmp_path / "nowhere.jsonnet"))
    with pytest.raises(ConfigurationError, match="is a folder; allowed is a config"):
        Params.from_file(str(tmp_path))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ('{"a": ', "the overrides are no JSON or Jsonnet: 1:7: unexpected"),
        ('{"trainr.epochs": 1}', "'trainr.epochs' is of no key of the config; is 'trainer.epochs'"),
        ('{"trainer.epochs.x": 1}', "override 'trainer.epochs.x' is of no key of the config"),
        ('{"xyz.y": 1}', "allowed are ['list', 'trainer']"),
        ('{"list.2": 1}', "override 'list.2' is of no key of the config"),
    ],
)
def test_overrides_that_lead_nowhere(overrides, message, tmp_path):
    config = "{ trainer: { epochs: 3 }, list: [1, { b: 2 }] }"
    assert message in refusal(str(tmp_path / "config.jsonnet"), config, overrides)


def test_overrides_of_a_key_or_of_a_new_one(tmp_path):
    path = tmp_path / "config.jsonnet"
    path.write_text("{ trainer: { epochs: 3 }, list: [1, { b: 2 }] }", encoding="utf-8")
    overrides = '{"trainer.epochs": 4, "trainer.patience": 1, "list.1.b": 3, "new": 5}'
    assert Params.from_file(str(path), overrides).as_dict() == {
        "trainer": {"epochs": 4, "patience": 1},
        "list": [1, {"b": 3}],
        "new": 5,
    }


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
