"""benchmarks/compare.py: its parts, and the script itself with the real `allennlp` command."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import pytest
import torch

ROOT = Path(__file__).parents[2]
# As Python does it for a script there.
sys.path.insert(0, str(ROOT / "benchmarks"))

import compare  # noqa: E402
from comparison import processes, runs, table  # noqa: E402
from comparison.processes import Failed  # noqa: E402
from comparison.runs import Run  # noqa: E402

TINY = ROOT / "fixtures" / "configs" / "tiny.jsonnet"
CORPUS = ROOT / "fixtures" / "formats" / "nested.jsonl"
PATHS = dict.fromkeys(("TRAIN", "DEV", "TEST"), str(CORPUS))
CORPORA = [f"--{name.lower()}={path}" for name, path in PATHS.items()]


def result(f1: float, **changes: Any) -> Dict[str, Any]:
    return {
        "training_speed": 50.0,
        "prediction_speed": 400.0,
        "parameters": 1_234_567,
        "memory": 800.0,
        "gpu_memory": None,
        "metrics": {
            "micro_precision": 0.5,
            "micro_recall": 0.25,
            "micro_f1": f1,
            "length/1-4/f1": 0.75,
            "length/1-4/gold": 1200,
            "length/10+/f1": 0.125,
            "length/10+/gold": 34,
            "nested_entities/f1": 0.25,
            "nested_entities/gold": 300,
        },
        **changes,
    }


FOLDER = Path("unused")
RUNS = [
    Run("first", 13, FOLDER, result=result(0.8)),
    Run("first", 14, FOLDER, result=result(0.9, training_speed=60.0, memory=900.0)),
    Run("second", 13, FOLDER, result=result(0.7, training_speed=None)),
    Run("second", 14, FOLDER, error="out of\nmemory"),
    Run("third", 13, FOLDER, error="no model"),
]


def test_rows_are_means_over_the_seeds_that_have_a_result() -> None:
    first, second, third = table.make_rows(RUNS)
    assert first["scores"]["micro_f1"]["mean"] == pytest.approx(0.85)
    # The root of (0.05 ** 2 + 0.05 ** 2) / (2 - 1).
    assert first["scores"]["micro_f1"]["deviation"] == pytest.approx(0.0707107)
    assert (first["training_speed"], first["memory"]) == (55.0, 900.0)
    assert (second["seeds"], second["failed"]) == ([13], {14: "out of\nmemory"})
    assert second["scores"]["micro_f1"] == {"mean": 0.7, "deviation": None}
    assert second["training_speed"] is None
    assert (third["seeds"], third["scores"], third["parameters"]) == ([], {}, None)


def test_the_table_in_markdown() -> None:
    assert table.markdown(RUNS) == (
        "|  | seeds | P | R | F1 | 1-4 | 10+ | nested | sentences/s, training "
        "| sentences/s, prediction | parameters | memory, MB |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
        "| first | 13, 14 | 50.00 | 25.00 | 85.00 ± 7.07 | 75.00 | 12.50 | 25.00 | 55 | 400 "
        "| 1,234,567 | 900 |\n"
        "| second | 13 | 50.00 | 25.00 | 70.00 | 75.00 | 12.50 | 25.00 | - | 400 "
        "| 1,234,567 | 800 |\n"
        "| third | failed | - | - | - | - | - | - | - | - | - | - |\n"
        "\n"
        "Gold entities: 1,234, 1-4: 1,200, 10+: 34, nested: 300.\n"
        "\n"
        "Failed:\n"
        "\n"
        "- second, seed 14: out of memory\n"
        "- third, seed 13: no model\n"
    )


def test_memory_of_a_gpu_has_a_column_where_there_is_one() -> None:
    run = Run("first", 13, FOLDER, result=result(0.8, gpu_memory=4096.5))
    header, _, row, *_ = table.markdown([run]).splitlines()
    assert header.endswith("| GPU memory, MB |")
    assert row.endswith("| 4,096 |")


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("INFO one\nallennlp: error: iou is 7\nINFO left\n", "iou is 7"),
        ("Traceback\n  File x\nValueError: the loss is nan\n", "ValueError: the loss is nan"),
        (
            "torch.cuda.OutOfMemoryError: too much\nINFO saving\n",
            "torch.cuda.OutOfMemoryError: too much",
        ),
        ("one\ntwo\n\n", "two"),
        ("", "it ended without any output"),
    ],
)
def test_the_line_of_a_log_that_says_why(log: str, line: str) -> None:
    assert processes.error_line(log) == line


def run_script(script: str, folder: Path, core: Optional[int] = None) -> None:
    command = [sys.executable, "-c", script]
    with processes.locked(folder / "lock") as lock:
        asyncio.run(processes.run_process(command, folder / "log", core, lock))


def test_a_process_that_fails_is_an_error_that_says_why(tmp_path: Path) -> None:
    for message in ("allennlp: error: iou is 7", "ValueError: the loss is nan"):
        with pytest.raises(Failed, match=message.removeprefix("allennlp: error: ")):
            run_script(f"import sys; print({message!r}); sys.exit(1)", tmp_path)
    with pytest.raises(Failed, match=r"killed by signal 9 \(SIGKILL\)"):
        run_script("import os; os.kill(os.getpid(), 9)", tmp_path)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no cores to choose from")
def test_a_process_runs_on_its_core_with_one_thread(tmp_path: Path) -> None:
    core = max(os.sched_getaffinity(0))
    script = "import os, time; time.sleep(0.5); print(os.sched_getaffinity(0), os.environ['{}'])"
    run_script(script.format("OMP_NUM_THREADS"), tmp_path, core)
    assert (tmp_path / "log").read_text() == f"{{{core}}} 1\n"


def test_a_lock_is_held_by_processes_that_outlive_the_script(tmp_path: Path) -> None:
    script = "import subprocess; subprocess.Popen(['sleep', '1'], close_fds=False)"
    run_script(script, tmp_path)
    with (
        pytest.raises(Failed, match="another process is at work"),
        processes.locked(tmp_path / "lock"),
    ):
        pass


def planned(tmp_path: Path, overrides: str = "", seed: int = 3) -> Run:
    digests = {name: runs.corpus_digest(path) for name, path in PATHS.items()}
    identity = runs.identify(TINY, seed, PATHS, digests, overrides)
    return Run("tiny", seed, tmp_path, identity)


def test_the_planned_config_is_that_of_the_file_with_corpus_and_seed(tmp_path: Path) -> None:
    settings = planned(tmp_path, '{"trainer.num_epochs": 5}').identity["config"]
    assert settings["trainer"]["num_epochs"] == 5
    assert settings["model"]["seed_lengths"] == [1, 2, 3, 4, 5, 7, 9]
    assert settings["test_data_path"] == str(CORPUS)
    assert {settings[f"{name}_seed"] for name in ("random", "numpy", "pytorch")} == {3}
    assert "SEED" not in os.environ


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    run = planned(tmp_path)
    runs.check_folder(run)
    (tmp_path / "run.json").write_text(json.dumps(run.identity), "utf-8")
    runs.check_folder(planned(tmp_path))
    with pytest.raises(Failed, match=r"config\.trainer\.num_epochs was 2 and now is 5;.*--redo"):
        runs.check_folder(planned(tmp_path, '{"trainer.num_epochs": 5}'))
    with pytest.raises(Failed, match=r"config\.evaluation was absent and now is 1"):
        runs.check_folder(planned(tmp_path, '{"evaluation": 1}'))
    run.identity["corpora"]["DEV"] = "another"
    with pytest.raises(Failed, match=r"corpora\.DEV was \w+ and now is another"):
        runs.check_folder(run)


def test_a_digest_is_that_of_the_content(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    first.write_bytes(CORPUS.read_bytes())
    assert runs.corpus_digest(str(first)) == runs.corpus_digest(str(CORPUS))
    second.write_text("{}", "utf-8")
    assert runs.corpus_digest(str(second)) != runs.corpus_digest(str(first))
    assert runs.corpus_digest(str(tmp_path)) not in map(
        runs.corpus_digest, (str(first), str(second))
    )


def test_a_model_that_is_given_the_mentions_is_refused() -> None:
    config = TINY.with_name("tiny_mention_typer.jsonnet")
    with pytest.raises(Failed, match=r"tiny_mention_typer\.jsonnet names the types of given men"):
        runs.identify(config, 13, PATHS, {}, "")


def checkpoint(folder: Path, number: int) -> List[Path]:
    files = [folder / f"{kind}_state_e{number}_b0.th" for kind in ("model", "training")]
    for file in files:
        torch.save({"weights": torch.zeros(100)}, file)
    return files


def test_only_whole_checkpoints_are_gone_on_from(tmp_path: Path) -> None:
    assert not runs.has_checkpoint(tmp_path)
    whole, torn, unfinished = (checkpoint(tmp_path, number) for number in range(3))
    torn[1].write_bytes(torn[1].read_bytes()[:700])
    unfinished[1].unlink()
    assert runs.has_checkpoint(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(whole)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> List[Sequence[str]]:
    """Those of the processes, none of which is started: all fail."""
    commands: List[Sequence[str]] = []

    async def fail(command: Sequence[str], *arguments: Any) -> None:
        commands.append(command)
        raise Failed("no space left on device")

    monkeypatch.setattr(runs, "run_process", fail)
    return commands


@pytest.mark.parametrize("has_checkpoint", [True, False])
def test_a_training_goes_on_from_its_checkpoint_or_begins_anew(
    has_checkpoint: bool, tmp_path: Path, commands: List[Sequence[str]]
) -> None:
    training = tmp_path / "training"
    training.mkdir()
    (training / "config.json").write_text("{}", "utf-8")
    if has_checkpoint:
        checkpoint(training, 1)
    before = sorted(training.iterdir())
    with pytest.raises(Failed, match="no space left"):
        asyncio.run(runs.execute(planned(tmp_path)))
    (command,) = commands
    assert ("--recover" in command) == has_checkpoint
    assert sorted(training.glob("*")) == (before if has_checkpoint else [])


def finished(folder: Path) -> Path:
    """The folder of a run of another config."""
    (folder / "training").mkdir(parents=True)
    for name in ("run.json", "result.json", "training/model.tar.gz"):
        (folder / name).write_text("{}", "utf-8")
    return folder


def test_redo_deletes_nothing_while_a_process_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle, busy = finished(tmp_path / "tiny-13"), finished(tmp_path / "tiny-14")
    options = ["--output", str(tmp_path), "--seeds", "13", "14", "--redo"]
    monkeypatch.setattr(sys, "argv", ["compare.py", str(TINY), *CORPORA, *options])
    with processes.locked(busy / "lock"), pytest.raises(SystemExit) as ended:
        compare.main()
    assert ended.value.code == f"compare.py: error: another process is at work in {busy}"
    for folder in (idle, busy):
        assert (folder / "result.json").exists()
        assert (folder / "training" / "model.tar.gz").exists()


def test_a_cleared_folder_may_take_another_run(tmp_path: Path) -> None:
    folder = finished(tmp_path / "tiny-13")
    with pytest.raises(Failed):
        runs.check_folder(planned(folder))
    runs.clear_folders([folder])
    runs.check_folder(planned(folder))
    assert [path.name for path in folder.iterdir()] == ["lock"]


def start(output: Path, *configs: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, str(ROOT / "benchmarks" / "compare.py"), *map(str, configs)]
    return subprocess.Popen(
        [*command, *CORPORA, "--output", str(output), "--seeds", "7"],
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def make_configs(folder: Path) -> List[Path]:
    changes = {
        "long": "{ trainer+: { num_epochs: 40 } }",
        "impossible": "{ model+: { positive_iou: 7 } }",
    }
    for name, change in changes.items():
        file = folder / f"{name}.jsonnet"
        file.write_text(f"(import '{TINY}') + {change}", "utf-8")
    return [folder / f"{name}.jsonnet" for name in changes]


def wait_for(process: "subprocess.Popen[str]", file: Path) -> None:
    deadline = time.monotonic() + 300
    while not file.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"no {file}"
        time.sleep(0.02)


def test_a_comparison_is_interrupted_resumed_and_done_only_once(tmp_path: Path) -> None:
    configs, output = make_configs(tmp_path), tmp_path / "out"
    training = output / "long-7" / "training"
    process = start(output, *configs)
    wait_for(process, training / "metrics_epoch_2.json")
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    with processes.locked(output / "long-7" / "lock"):
        pass  # the training that held it has ended
    assert not (training / "metrics.json").exists(), "it was too fast to be interrupted"
    epoch_1 = (training / "metrics_epoch_1.json").stat().st_mtime_ns

    process = start(output, *configs)
    printed, messages = process.communicate()
    assert process.returncode == 1  # one config fails
    assert (training / "metrics_epoch_1.json").stat().st_mtime_ns == epoch_1, "begun anew"
    outcomes = {run["name"]: run for run in json.loads((output / "table.json").read_text())["runs"]}
    error = "positive_iou is 7; allowed is more than 0, up to 1"
    assert outcomes["impossible"]["error"] == error
    assert printed == (output / "table.md").read_text("utf-8")
    assert f"- impossible, seed 7: {error}\n" in printed
    lines = {line.split(" | ")[0]: line for line in printed.splitlines() if " | " in line}
    long = outcomes["long"]["result"]
    assert long["metrics"]["micro_f1"] > 0
    assert f"| {100 * long['metrics']['micro_f1']:.2f} |" in lines["| long"]
    assert long["metrics"]["length/1-4/gold"] == 10
    assert long["prediction_speed"] > long["training_speed"] > 0
    assert long["memory"] > 100
    assert long["parameters"] == long["trained_parameters"] > 1000
    # All epochs, those before the interruption too; the first batch of each is not timed.
    num_sentences = len(CORPUS.read_text("utf-8").splitlines())
    assert json.loads((training / "speed.json").read_text())["sentences"] == 40 * (
        num_sentences - 4
    )
    assert (training / "model.tar.gz").exists()
    assert not list(training.glob("*.th"))

    process = start(output, configs[0])
    printed, messages = process.communicate()
    assert process.returncode == 0
    assert "begins" not in messages
    assert lines["| long"] in printed
    assert "impossible" not in printed
