"""benchmarks/compare.py: its parts, and the script itself with the real `allennlp` command."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import pytest
import torch

ROOT = Path(__file__).parents[2]
# As Python does it for a script there.
sys.path.insert(0, str(ROOT / "benchmarks"))

import compare  # noqa: E402
from comparison.processes import (  # noqa: E402
    Children,
    Failed,
    Usage,
    check_success,
    error_line,
    locked,
)
from comparison.runs import (  # noqa: E402
    Refused,
    Run,
    check_folder,
    clear_folders,
    corpus_digest,
    execute,
    has_checkpoint,
    plan,
)
from comparison.table import Outcome, make_rows, markdown  # noqa: E402

TINY = ROOT / "fixtures" / "configs" / "tiny.jsonnet"
CORPUS = ROOT / "fixtures" / "formats" / "nested.jsonl"
PATHS = dict.fromkeys(("TRAIN", "DEV", "TEST"), str(CORPUS))


def result(f1: float, **changes: Any) -> Dict[str, Any]:
    return {
        "training_speed": 50.0,
        "prediction_speed": 400.0,
        "parameters": 1_234_567,
        "trained_parameters": 1_234_567,
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


OUTCOMES = [
    Outcome("first", 13, result(0.8)),
    Outcome("first", 14, result(0.9, training_speed=60.0, memory=900.0)),
    Outcome("second", 13, result(0.7, training_speed=None)),
    Outcome("second", 14, error="out of\nmemory"),
    Outcome("third", 13, error="no model"),
]


def test_rows_are_means_over_the_seeds_that_have_a_result() -> None:
    first, second, third = make_rows(OUTCOMES)
    assert first.scores["micro_f1"]["mean"] == pytest.approx(0.85)
    # The root of (0.05 ** 2 + 0.05 ** 2) / (2 - 1).
    assert first.scores["micro_f1"]["deviation"] == pytest.approx(0.0707107)
    assert (first.training_speed, first.memory) == (55.0, 900.0)
    assert (second.seeds, second.failed) == ([13], {14: "out of\nmemory"})
    assert second.scores["micro_f1"] == {"mean": 0.7, "deviation": None}
    assert second.training_speed is None
    assert (third.seeds, third.scores, third.parameters) == ([], {}, None)


def test_the_table_in_markdown() -> None:
    assert markdown(OUTCOMES) == (
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
    table = markdown([Outcome("first", 13, result(0.8, gpu_memory=4096.5))])
    assert table.splitlines()[0].endswith("| GPU memory, MB |")
    assert table.splitlines()[2].endswith("| 4,096 |")


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
        ("", "ended without a word"),
    ],
)
def test_the_line_of_a_log_that_says_why(log: str, line: str) -> None:
    assert error_line(log) == line


def test_a_process_s_own_memory_is_measured_and_its_end_is_told(tmp_path: Path) -> None:
    script = "import os, signal; block = b'x' * {} * 2**20; os.kill(os.getpid(), {})"
    children, log = Children(), tmp_path / "log"
    with log.open("w") as lock:
        small, large = (
            children.run([sys.executable, "-c", script.format(size, 0)], log, None, lock.fileno())
            for size in (1, 400)
        )
        command = [sys.executable, "-c", script.format(1, 9)]
        killed = children.run(command, log, None, lock.fileno())
    # The smaller one may show what the process that started it held.
    assert large.megabytes > 400
    assert large.megabytes >= small.megabytes > 1
    assert check_success(large, log) is large
    with pytest.raises(Failed, match=r"killed by signal 9 \(SIGKILL\)"):
        check_success(killed, log)


def test_an_error_is_that_of_the_process_itself_and_not_of_an_earlier_one(tmp_path: Path) -> None:
    children, log = Children(), tmp_path / "log"
    script = "import sys; print({!r}); sys.exit(1)"
    with log.open("w") as lock:
        for message in ("allennlp: error: iou is 7", "ValueError: the loss is nan"):
            command = [sys.executable, "-c", script.format(message)]
            usage = children.run(command, log, None, lock.fileno())
    with pytest.raises(Failed, match="the loss is nan"):
        check_success(usage, log)


def planned(tmp_path: Path, overrides: str = "", seed: int = 3) -> Run:
    digests = {name: corpus_digest(path) for name, path in PATHS.items()}
    return Run("tiny", seed, plan(TINY, seed, PATHS, digests, overrides), tmp_path)


def test_the_planned_config_is_that_of_the_file_with_corpus_and_seed(tmp_path: Path) -> None:
    settings = planned(tmp_path, '{"trainer.num_epochs": 5}').identity["config"]
    assert settings["trainer"]["num_epochs"] == 5
    assert settings["model"]["seed_lengths"] == [1, 2, 3, 4, 5, 7, 9]
    assert settings["test_data_path"] == str(CORPUS)
    assert {settings[f"{name}_seed"] for name in ("random", "numpy", "pytorch")} == {3}
    assert "SEED" not in os.environ


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    run = planned(tmp_path)
    check_folder(run)
    (tmp_path / "run.json").write_text(json.dumps(run.identity), "utf-8")
    check_folder(planned(tmp_path))
    with pytest.raises(Refused, match=r"config\.trainer\.num_epochs was 2 and now is 5;.*--redo"):
        check_folder(planned(tmp_path, '{"trainer.num_epochs": 5}'))
    with pytest.raises(Refused, match=r"config\.notes was absent and now is 1"):
        check_folder(planned(tmp_path, '{"notes": 1}'))
    run.identity["corpora"]["DEV"] = "another"
    with pytest.raises(Refused, match=r"corpora\.DEV was \w+ and now is another"):
        check_folder(run)


def test_a_digest_is_that_of_the_content(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    first.write_bytes(CORPUS.read_bytes())
    assert corpus_digest(str(first)) == corpus_digest(str(CORPUS))
    second.write_text("{}", "utf-8")
    assert corpus_digest(str(second)) != corpus_digest(str(first))
    assert corpus_digest(str(tmp_path)) not in map(corpus_digest, (str(first), str(second)))


def test_a_model_that_is_given_the_mentions_is_refused() -> None:
    config = TINY.with_name("tiny_mention_typer.jsonnet")
    with pytest.raises(Refused, match=r"tiny_mention_typer\.jsonnet names the types of given men"):
        plan(config, 13, PATHS, {}, "")


def checkpoint(folder: Path, number: int) -> List[Path]:
    files = [folder / f"{kind}_state_e{number}_b0.th" for kind in ("model", "training")]
    for file in files:
        torch.save({"weights": torch.zeros(100)}, file)
    return files


def test_only_whole_checkpoints_are_gone_on_from(tmp_path: Path) -> None:
    assert not has_checkpoint(tmp_path)
    whole, torn, unfinished = (checkpoint(tmp_path, number) for number in range(3))
    torn[1].write_bytes(torn[1].read_bytes()[:700])
    unfinished[1].unlink()
    assert has_checkpoint(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(whole)
    # The archive's end is there, but not all that it should hold.
    with zipfile.ZipFile(whole[0]) as archive, zipfile.ZipFile(torn[0], "w") as less:
        for name in archive.namelist():
            if "data/0" not in name:
                less.writestr(name, archive.read(name))
    torn[0].replace(whole[0])
    assert not has_checkpoint(tmp_path)
    assert not list(tmp_path.iterdir())


class FailingChildren(Children):
    """Starts nothing; keeps the commands it is given, none of which succeeds."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: List[Sequence[str]] = []

    def run(self, command: Sequence[str], log: Path, core: Optional[int], lock: int) -> Usage:
        self.commands.append(command)
        log.write_text("OSError: no space left on device\n", "utf-8")
        return Usage(1, 100.0, 0)


def test_a_recovery_that_fails_costs_no_checkpoint(tmp_path: Path) -> None:
    run, children = planned(tmp_path), FailingChildren()
    training = tmp_path / "training"
    training.mkdir()
    whole = checkpoint(training, 1)
    with pytest.raises(Failed, match="no space left"):
        execute(run, children)
    assert all(file.exists() for file in whole)
    (command,) = children.commands
    assert "--recover" in command


def test_a_training_without_a_checkpoint_begins_anew(tmp_path: Path) -> None:
    run, children = planned(tmp_path), FailingChildren()
    training = tmp_path / "training"
    training.mkdir()
    (training / "config.json").write_text("{}", "utf-8")
    with pytest.raises(Failed, match="no space left"):
        execute(run, children)
    assert not training.exists()
    (command,) = children.commands
    assert "--recover" not in command


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
    corpora = [f"--{name.lower()}={path}" for name, path in PATHS.items()]
    options = ["--output", str(tmp_path), "--seeds", "13", "14", "--redo"]
    monkeypatch.setattr(sys, "argv", ["compare.py", str(TINY), *corpora, *options])
    with locked(busy / "lock"), pytest.raises(SystemExit) as ended:
        compare.main()
    assert ended.value.code == f"compare.py: error: another process is at work in {busy}"
    for folder in (idle, busy):
        assert (folder / "result.json").exists()
        assert (folder / "training" / "model.tar.gz").exists()


def test_a_cleared_folder_may_take_another_run(tmp_path: Path) -> None:
    folder = finished(tmp_path / "tiny-13")
    with pytest.raises(Refused):
        check_folder(planned(folder))
    clear_folders([folder])
    check_folder(planned(folder))
    assert [path.name for path in folder.iterdir()] == ["lock"]


def start(output: Path, *configs: Path) -> "subprocess.Popen[str]":
    corpora = [f"--{name.lower()}={path}" for name, path in PATHS.items()]
    command = [sys.executable, str(ROOT / "benchmarks" / "compare.py"), *map(str, configs)]
    return subprocess.Popen(
        [*command, *corpora, "--output", str(output), "--seeds", "7"],
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
    assert not (training / "metrics.json").exists(), "it was too fast to be interrupted"
    epoch_1 = (training / "metrics_epoch_1.json").stat().st_mtime_ns

    process = start(output, *configs)
    printed, told = process.communicate()
    assert process.returncode == 1  # one config fails
    assert (training / "metrics_epoch_1.json").stat().st_mtime_ns == epoch_1, "begun anew"
    runs = {run["name"]: run for run in json.loads((output / "table.json").read_text())["runs"]}
    error = "positive_iou is 7; allowed is more than 0, up to 1"
    assert runs["impossible"]["error"] == error
    assert printed == (output / "table.md").read_text("utf-8")
    assert f"- impossible, seed 7: {error}\n" in printed
    lines = {line.split(" | ")[0]: line for line in printed.splitlines() if " | " in line}
    found = runs["long"]["result"]
    assert found["metrics"]["micro_f1"] > 0
    assert f"| {100 * found['metrics']['micro_f1']:.2f} |" in lines["| long"]
    assert found["metrics"]["length/1-4/gold"] == 10
    assert found["prediction_speed"] > found["training_speed"] > 0
    assert found["memory"] > 100
    assert found["parameters"] == found["trained_parameters"] > 1000
    # All epochs, those before the interruption too; the first batch of each is not timed.
    num_sentences = len(CORPUS.read_text("utf-8").splitlines())
    assert json.loads((training / "speed.json").read_text())["sentences"] == 40 * (
        num_sentences - 4
    )
    assert (training / "model.tar.gz").exists()
    assert not list(training.glob("*.th"))

    process = start(output, configs[0])
    printed, told = process.communicate()
    assert process.returncode == 0
    assert "begins" not in told
    assert lines["| long"] in printed
    assert "impossible" not in printed
