import sys

import pytest

from tests.mutants import trials

MODULE = """\
FACTOR = 2


def double(value):
    return FACTOR * value


def triple(value, factor=3):
    return factor * value
"""
CHANGES = {
    "body": MODULE.replace("FACTOR * value", "FACTOR + value"),
    "untested body": MODULE.replace("return factor * value", "return factor + value"),
    "constant": MODULE.replace("FACTOR = 2", "FACTOR = 4"),
    "endless": MODULE.replace(
        "    return FACTOR", "    while True:\n        pass\n    return FACTOR"
    ),
    "does not load": MODULE.replace("FACTOR = 2", "FACTOR = 1 / 0"),
    "equivalent": MODULE.replace("factor=3", "factor=3.0"),
}


@pytest.fixture
def tests(tmp_path, monkeypatch):
    """A module of its own with its tests; each trial runs in a fork of this process."""
    monkeypatch.setattr(trials, "ROOT", tmp_path)
    monkeypatch.setattr(trials, "LEAST", 3)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "made_up_sums.py"
    path.write_text(MODULE)
    test = tmp_path / "test_made_up_sums.py"
    test.write_text(
        "from made_up_sums import double, triple\n\n\n"
        "def test_double():\n    assert double(4) == 8\n\n\n"
        "def test_triple():\n    assert triple(2) == 6\n"
    )
    return trials.Tests(path, [test])


def changes(path):
    old = compile(MODULE, path, "exec")
    for name, source in CHANGES.items():
        functions = trials.changed_functions(old, compile(source, path, "exec"))
        yield name, trials.Change(source, functions)


def test_only_bodies_of_functions_are_changed_in_place(tests):
    in_place = {name for name, change in changes(tests.path) if change.functions is not None}
    assert in_place == {"body", "untested body", "endless"}


def test_each_change_meets_the_tests(tests, capfd):
    found = dict(tests.try_all(dict(changes(tests.path)), processes=2))
    assert found == {
        "body": "test_made_up_sums.py::test_double",
        "untested body": "test_made_up_sums.py::test_triple",
        "constant": "test_made_up_sums.py::test_double",
        "endless": "timeout",
        "does not load": "it cannot be imported",
        "equivalent": None,
    }
    # Nothing was written, nothing printed, nothing of it is left in this process.
    assert tests.path.read_text() == MODULE
    assert capfd.readouterr().out == ""
    assert "made_up_sums" not in sys.modules


def test_tests_that_fail_by_themselves_are_an_error(tests):
    tests.path.write_text(MODULE.replace("2", "5"))
    with pytest.raises(SystemExit, match=r"made_up_sums.py: its tests fail with nothing changed"):
        list(tests.try_all({}, processes=1))
