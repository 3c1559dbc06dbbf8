"""The requirements files, `pyproject.toml` and what is installed say the same."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from locate_label_allennlp.spacy_pipe import make_locate_label

ROOT = Path(__file__).parents[1]
NEVER = 'python_version < "0"'
CUDA = ("cuda-", "nvidia-", "triton")


def requirements(name: str) -> dict[str, Requirement]:
    """Returns the requirements in a file at the top of the repository by name."""
    lines = [re.sub(r"(^| +)#.*", "", line).strip() for line in (ROOT / name).open()]
    parsed = [Requirement(line) for line in lines if line]
    by_name = {requirement.name: requirement for requirement in parsed}
    assert len(by_name) == len(parsed), f"{name} names a distribution twice"
    return by_name


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def lock() -> dict[str, Requirement]:
    return requirements("requirements.txt")


def test_the_lock_pins_every_distribution_and_names_no_host(lock: dict[str, Requirement]) -> None:
    assert all(re.fullmatch(r"==[^*+]+", str(pin.specifier)) for pin in lock.values())
    assert all(pin.url is None for pin in lock.values())
    assert not re.search(r"://|^ *-", (ROOT / "requirements.txt").read_text(), re.MULTILINE)


def test_the_lock_leaves_out_cuda_and_what_text_does_not_need(lock: dict[str, Requirement]) -> None:
    unneeded = {"datasets", "pytest", "torchvision", "wandb"}
    assert [name for name in lock if name in unneeded or name.startswith(CUDA)] == []


def test_the_lock_is_made_from_the_file_beside_it(lock: dict[str, Requirement]) -> None:
    for wanted in requirements("requirements.in").values():
        assert pinned(lock, wanted.name) in wanted.specifier


def test_the_lock_satisfies_this_package(lock: dict[str, Requirement]) -> None:
    for text in distribution("locate-label-allennlp").requires or []:
        wanted = Requirement(text)
        if wanted.marker is None:
            assert pinned(lock, wanted.name) in wanted.specifier


@pytest.mark.parametrize(
    "name", ["README.md", ".ci/run", "locate_label_allennlp/patches/finder.py"]
)
def test_the_instructions_name_the_locked_torch(lock: dict[str, Requirement], name: str) -> None:
    assert f"pip install torch=={pinned(lock, 'torch')}" in (ROOT / name).read_text()


def pinned(lock: dict[str, Requirement], name: str) -> str:
    return str(lock[name].specifier).removeprefix("==")


def test_this_package_does_not_bring_allennlps_bounds() -> None:
    required = distribution("locate-label-allennlp").requires or []
    assert [text for text in required if text.startswith("allennlp")] == []


def test_torch_finds_the_hook() -> None:
    points = distribution("locate-label-allennlp").entry_points.select(group="torch.backends")
    assert [point.value for point in points] == ["locate_label_allennlp.patches:install"]


def test_spacy_finds_the_component() -> None:
    points = distribution("locate-label-allennlp").entry_points.select(group="spacy_factories")
    assert [(point.name, point.load()) for point in points] == [("locate_label", make_locate_label)]


def test_uv_sync_lifts_the_same_bounds_and_keeps_cuda(pyproject: dict[str, Any]) -> None:
    lifted = [Requirement(text) for text in pyproject["tool"]["uv"]["override-dependencies"]]
    overrides = requirements("requirements-overrides.txt").values()
    assert lifted == [override for override in overrides if not override.name.startswith(CUDA)]


def test_uv_sync_installs_what_the_lock_is_made_from(pyproject: dict[str, Any]) -> None:
    texts = pyproject["dependency-groups"]["allennlp"] + pyproject["project"]["dependencies"]
    assert requirements("requirements.in").keys() <= {Requirement(text).name for text in texts}


def test_what_is_left_out_is_left_out_for_every_python() -> None:
    markers = [override.marker for override in requirements("requirements-overrides.txt").values()]
    assert {str(marker) for marker in markers if marker is not None} == {NEVER}


def test_the_pages_are_in_the_package(tmp_path: Path) -> None:
    command = "from setuptools import setup; setup()"
    done = subprocess.run(
        [sys.executable, "-c", command, "build", "--build-base", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (report,) = tmp_path.glob("lib*/locate_label_allennlp/report")
    assert (report / "report.css").is_file()
    assert (report / "templates" / "report.html.jinja").is_file()
    page = report.with_name("serving") / "page"
    assert sorted(file.name for file in page.iterdir()) == ["index.html", "page.css", "page.js"]


def test_the_developers_have_what_the_extras_need() -> None:
    installed = requirements("requirements-dev.txt")
    for wanted in requirements("requirements-serve.txt").values():
        assert pinned(installed, wanted.name) in wanted.specifier
