"""
Each patch of `libraries` has a test that it does its job, and one that fails once it is not needed:
what it is for has then been put right elsewhere, and the patch can go.
"""

import importlib
import multiprocessing
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType

import huggingface_hub
import nltk
import numpy
import pytest
import torch
import transformers
from allennlp.common import Params, cached_transformers, plugins
from allennlp.data import DataLoader, Vocabulary
from allennlp.data.dataset_readers import SequenceTaggingDatasetReader
from allennlp.data.token_indexers import PretrainedTransformerIndexer
from allennlp.data.tokenizers import PretrainedTransformerTokenizer
from allennlp.training.learning_rate_schedulers import LearningRateScheduler
from allennlp.training.optimizers import Optimizer

from locate_label_allennlp import patches
from locate_label_allennlp.patches import install
from locate_label_allennlp.patches.finder import PATCHES
from tests.allennlp_command import run_allennlp

NO_NETWORK = """
import socket
def refuse(*arguments, **options):
    raise AssertionError(f"network access: {arguments}")
socket.create_connection = socket.getaddrinfo = socket.socket.connect = refuse
"""


def run_module(name: str, *, patched: bool) -> ModuleType:
    """Runs a module's code in a fresh module object, with or without its patches."""
    parent = importlib.import_module(name.rpartition(".")[0])
    spec = find_spec(name) if patched else PathFinder.find_spec(name, parent.__path__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_python(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


class TestPlugin:
    def test_it_is_found_without_a_plugins_file(self) -> None:
        assert plugins.DEFAULT_PLUGINS.count("locate_label_allennlp") == 1

    def test_the_patch_is_needed(self) -> None:
        unpatched = run_module("allennlp.common.plugins", patched=False)
        assert "locate_label_allennlp" not in unpatched.DEFAULT_PLUGINS

    @pytest.mark.parametrize("command", ["locate-label-info", "corpus stats a.jsonl"])
    def test_nothing_of_the_working_directory_is_run(self, tmp_path: Path, command: str) -> None:
        (tmp_path / "a.jsonl").write_text('{"tokens": ["a"], "entities": []}\n')
        for package in (plugins, patches):
            for path in Path(package.__file__ or "").parents[1].glob("*/__init__.py"):
                (tmp_path / f"{path.parent.name}.py").write_text("raise SystemExit('it was run')")
        assert {"models.py", "report.py"} <= {path.name for path in tmp_path.iterdir()}
        assert "it was run" not in run_allennlp(*command.split(), cwd=tmp_path)


class TestTokenizer:
    @pytest.fixture
    def tokenizer(self, tmp_path: Path) -> Iterator[str]:
        (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nword\na\nb\n")
        transformers.BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
        yield str(tmp_path)
        cached_transformers._clear_caches()

    def test_it_is_built(self, tokenizer: str) -> None:
        built = cached_transformers.get_tokenizer(tokenizer, add_special_tokens=False)
        assert built.tokenize("word") == ["word"]

    def test_its_words_are_indexed(self, tokenizer: str) -> None:
        built = PretrainedTransformerTokenizer(tokenizer)
        assert [token.text for token in built.tokenize("word")] == ["[CLS]", "word", "[SEP]"]
        indexer = PretrainedTransformerIndexer(tokenizer, max_length=3)
        indices = indexer.tokens_to_indices(built.tokenize("word word"), Vocabulary())
        assert indices["token_ids"] == [2, 5, 3, 2, 5, 3]

    def test_the_patch_is_needed(self, tokenizer: str) -> None:
        with pytest.raises(AttributeError, match="add_special_tokens conflicts"):
            transformers.AutoTokenizer.from_pretrained(tokenizer, add_special_tokens=False)

    @pytest.mark.skipif(transformers.__version__ < "5", reason="transformers 4 has the methods")
    def test_the_methods_are_needed(self, tokenizer: str) -> None:
        built = transformers.AutoTokenizer.from_pretrained(tokenizer)
        assert not hasattr(built, "encode_plus")
        assert not hasattr(built, "build_inputs_with_special_tokens")


class TestPushToHub:
    NAME = "allennlp.common.push_to_hf"

    def test_what_the_hub_removed_says_so_when_used(self) -> None:
        module = run_module(self.NAME, patched=True)
        if hasattr(huggingface_hub, "HfFolder"):
            assert module.HfFolder is huggingface_hub.HfFolder
            return
        with pytest.raises(ImportError, match="huggingface_hub<1"):
            module.HfFolder.get_token()
        with pytest.raises(ImportError, match="huggingface_hub<1"):
            module.Repository("folder", clone_from="url")

    @pytest.mark.skipif(huggingface_hub.__version__ < "1", reason="hub 0 has the names")
    def test_the_patch_is_needed_and_leaves_the_hub_alone(self) -> None:
        with pytest.raises(ImportError, match="HfFolder"):
            run_module(self.NAME, patched=False)
        assert not hasattr(huggingface_hub, "HfFolder")


class TestHuggingfaceAdamW:
    def test_it_takes_the_steps_of_torch(self) -> None:
        ours, theirs = (torch.nn.Parameter(torch.ones(3)) for _ in range(2))
        settings = {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-6, "weight_decay": 0.1}
        params = Params({"type": "huggingface_adamw", **settings})
        optimizer = Optimizer.from_params(params, model_parameters=[("weight", ours)])
        reference = torch.optim.AdamW([theirs], **settings)  # type: ignore[arg-type]
        for _ in range(3):
            ours.grad = theirs.grad = torch.tensor([1.0, -2.0, 3.0])
            optimizer.step()
            reference.step()
        assert torch.equal(ours, theirs)

    def test_without_bias_correction_it_says_what_to_do(self) -> None:
        params = Params({"type": "huggingface_adamw", "correct_bias": False})
        weight = torch.nn.Parameter(torch.ones(3))
        with pytest.raises(ValueError, match="leave the key out"):
            Optimizer.from_params(params, model_parameters=[("weight", weight)])

    def test_the_patch_is_needed_and_leaves_transformers_alone(self) -> None:
        with pytest.raises(AttributeError, match="AdamW"):
            run_module("allennlp.training.optimizers", patched=False)
        assert not hasattr(transformers, "AdamW")


@pytest.mark.skipif(find_spec("torchvision") is not None, reason="torchvision is installed")
class TestTorchvision:
    def test_the_stand_in_is_seen_by_allennlp_only(self) -> None:
        loader = run_module("allennlp.data.image_loader", patched=True)
        with pytest.raises(ImportError, match="need torchvision"):
            loader.torchvision.set_image_backend("pil")
        assert find_spec("torchvision") is None

    @pytest.mark.parametrize(
        "name",
        [
            "allennlp.data.image_loader",
            "allennlp.modules.vision.grid_embedder",
            "allennlp.modules.vision.region_detector",
        ],
    )
    def test_the_patch_is_needed(self, name: str) -> None:
        with pytest.raises(ModuleNotFoundError, match="torchvision"):
            run_module(name, patched=False)


class TestSpawnedWorkers:
    def test_they_import_allennlp_and_load_data(self, tmp_path: Path) -> None:
        path = tmp_path / "data.tsv"
        path.write_text("word###label\n" * 4)
        settings = {"batch_size": 2, "num_workers": 1, "start_method": "spawn"}
        loader = DataLoader.from_params(
            Params(settings), reader=SequenceTaggingDatasetReader(), data_path=str(path)
        )
        loader.index_with(Vocabulary({"labels": {"label": 4}}))
        assert len(list(loader)) == 2

    def test_the_patch_is_needed(self) -> None:
        fork, spawn = multiprocessing.get_context("fork"), multiprocessing.get_context("spawn")
        with pytest.raises(RuntimeError, match="fork context"):
            spawn.Process(target=print, args=(fork.RLock(),)).start()


class TestTrainingState:
    @pytest.fixture
    def saved(self, tmp_path: Path) -> Path:
        numbers = [numpy.float64(0.5), numpy.float32(0.5), numpy.int64(2), numpy.bool_(True)]
        torch.save(numbers, tmp_path / "state.th")
        return tmp_path / "state.th"

    def test_numpy_numbers_are_loaded(self, saved: Path) -> None:
        assert torch.load(saved) == [0.5, 0.5, 2, True]

    def test_the_patch_is_needed(self, saved: Path) -> None:
        with no_safe_globals(), pytest.raises(Exception, match=r"numpy\..*not an allowed global"):
            torch.load(saved)


@contextmanager
def no_safe_globals() -> Iterator[None]:
    safe = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    try:
        yield
    finally:
        torch.serialization.add_safe_globals(safe)


class TestReduceOnPlateau:
    def test_it_is_built_with_all_its_keys_and_steps(self) -> None:
        settings = {"factor": 0.5, "patience": 0, "mode": "max", "verbose": True}
        params = Params({"type": "reduce_on_plateau", **settings})
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        scheduler = LearningRateScheduler.from_params(params, optimizer=optimizer)
        for metric in (0.5, 0.5, 0.6):
            scheduler.step(metric)
        assert optimizer.param_groups[0]["lr"] == 0.5

    def test_an_unknown_key_is_refused(self) -> None:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        with pytest.raises(Exception, match="patients"):
            LearningRateScheduler.from_params(
                Params({"type": "reduce_on_plateau", "patients": 2}), optimizer=optimizer
            )

    def test_the_patch_is_needed(self) -> None:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        with pytest.raises(TypeError, match="verbose"):
            torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, verbose=False)  # type: ignore


class TestMixedPrecision:
    NAMES = ("allennlp.nn.parallel.ddp_accelerator", "allennlp.training.gradient_descent_trainer")

    @pytest.mark.parametrize("name", NAMES)
    def test_the_trainer_does_not_warn(self, name: str) -> None:
        amp = importlib.import_module(name).amp
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            with amp.autocast(False):
                assert not torch.is_autocast_enabled("cuda")
            warnings.filterwarnings("ignore", message=".*CUDA is not available")
            assert isinstance(amp.GradScaler(), torch.amp.GradScaler)

    def test_the_patch_is_needed(self) -> None:
        with pytest.warns(FutureWarning, match="deprecated"):
            torch.cuda.amp.autocast(False)


class TestNarrativeQA:
    NAME = "allennlp_models.rc.tools.narrativeqa"

    @pytest.fixture
    def downloads(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        names: list[str] = []
        monkeypatch.setattr(nltk, "download", names.append)
        monkeypatch.setattr(nltk.data, "path", [])
        return names

    def test_it_downloads_nothing(self, downloads: list[str]) -> None:
        run_module(self.NAME, patched=True)
        assert downloads == []
        nltk.download("anything")
        assert downloads == ["anything"]

    def test_the_patch_is_needed(self, downloads: list[str]) -> None:
        run_module(self.NAME, patched=False)
        assert downloads == ["punkt", "wordnet"]


class TestRouge:
    def test_it_works_without_setuptools(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pkg_resources", None)  # type: ignore[arg-type]
        rouge = run_module("rouge.rouge", patched=True).Rouge
        rouge(metrics=["rouge-l"], stemming=True)
        assert len(rouge.WORDNET_KEY_VALUE) > 1000
        assert sys.modules["pkg_resources"] is None

    def test_the_patch_is_needed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pkg_resources", None)  # type: ignore[arg-type]
        with pytest.raises(ModuleNotFoundError, match="pkg_resources"):
            run_module("rouge.rouge", patched=False)


class TestInstall:
    def test_every_patch_waits_for_a_module_that_exists(self) -> None:
        assert all(find_spec(name) is not None for name in PATCHES)

    def test_torch_calls_it_and_it_imports_nothing(self, tmp_path: Path) -> None:
        done = run_python(
            "-c",
            "import sys, torch\n"
            "assert [type(f).__name__ for f in sys.meta_path].count('PatchingFinder') == 0\n"
            "before = set(sys.modules)\n"
            "import locate_label_allennlp\n"
            "print(*sorted(set(sys.modules) - before))",
            cwd=tmp_path,
            TORCH_DEVICE_BACKEND_AUTOLOAD="0",
        )
        package = "locate_label_allennlp.patches"
        modules = sorted(path.stem for path in Path(patches.__file__).parent.glob("[!_]*.py"))
        names = [package, *(f"{package}.{name}" for name in modules)]
        assert done.stdout.split() == ["locate_label_allennlp", *names]

    def test_it_puts_one_finder_in_place(self) -> None:
        install()
        assert [type(finder).__name__ for finder in sys.meta_path].count("PatchingFinder") == 1

    def test_a_failure_is_one_line_and_does_not_break_torch(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "meta_path", None)
        install()
        error = capsys.readouterr().err
        assert error.startswith("locate_label_allennlp: ")
        assert error.count("\n") == 1

    @pytest.mark.parametrize("missing", ["allennlp", "torch"])
    def test_components_without_a_library_say_how_to_install_it(
        self, monkeypatch: pytest.MonkeyPatch, missing: str
    ) -> None:
        monkeypatch.setitem(sys.modules, missing, None)  # type: ignore[arg-type]
        with pytest.raises(ModuleNotFoundError, match=rf"needs {missing}.*pip install"):
            find_spec("locate_label_allennlp.anything")


class TestCommand:
    def test_the_module_starts_without_warnings_or_network(self, tmp_path: Path) -> None:
        (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
        done = run_python("-m", "allennlp", "--help", cwd=tmp_path, PYTHONPATH=str(tmp_path))
        assert done.returncode == 0, done.stderr
        assert "locate-label-info" in done.stdout
        messages = done.stderr.splitlines()
        assert [message for message in messages if " - INFO - " not in message] == []

    def test_the_console_command_finds_the_plugin(self, tmp_path: Path) -> None:
        command = Path(sys.executable).with_name("allennlp")
        done = run_python(str(command), "locate-label-info", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "locate-label-allennlp" in done.stdout
