"""From documents of one's own to a model and on from there, by the real `allennlp` command."""

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
import torch

from locate_label_allennlp.data.formats import BratFormat, Splitting
from tests.allennlp_command import error_line as error
from tests.allennlp_command import run_allennlp as run

ROOT = Path(__file__).parent.parent
CONFIGS = ROOT / "training_config"
RUSSIAN = {"type": "brat", "splitting": {"language": "ru"}}
# English rules end a sentence behind the abbreviation of "year".
TEXT = "Порт Старый Тарн в 1991 г. был закрыт. Его открыл Ветров.\n"  # noqa: RUF001
SMALL = {"ENCODER": "", "EPOCHS": "1", "HIDDEN": "16", "BATCH_SIZE": "4", "WORD_DIM": "8"}


def write_brat(folder: Path, types: List[str], number: int) -> None:
    folder.mkdir()
    for index in range(number):
        (folder / f"{index}.txt").write_text(TEXT, "utf-8")
        mentions = [(types[0], 0, 16), (types[1], 5, 16), (types[-1], 50, 56)]
        lines = [
            f"T{line}\t{label} {start} {end}\t{TEXT[start:end]}\n"
            for line, (label, start, end) in enumerate(mentions, start=1)
        ]
        (folder / f"{index}.ann").write_text("".join(lines), "utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus in Russian, `old`, and a training on it, `out`."""
    folder = tmp_path_factory.mktemp("trained")
    write_brat(folder / "old", ["PORT", "TOWN"], 20)
    output = run(
        *("train", CONFIGS / "custom.jsonnet", "-s", "out"),
        cwd=folder,
        TRAIN="old",
        FORMAT=json.dumps(RUSSIAN),
        **SMALL,
    )
    assert "old: 2 of 20 documents (4 of 40 sentences) are held out for validation" in output
    return folder


def test_raw_text_is_split_as_in_training(trained: Path) -> None:
    (trained / "in.jsonl").write_text(json.dumps({"text": TEXT}) + "\n", "utf-8")
    run(
        *("predict", "out/model.tar.gz", "in.jsonl", "--output-file", "predicted.jsonl"),
        "--silent",
        cwd=trained,
    )
    (line,) = (trained / "predicted.jsonl").read_text("utf-8").splitlines()
    document = next(iter(BratFormat(Splitting("ru")).read(str(trained / "old" / "0.ann"))))
    expected = [list(sentence.words) for sentence in document.sentences]
    assert json.loads(line)["sentences"] == expected
    english = next(iter(BratFormat().read(str(trained / "old" / "0.ann"))))
    assert len(english.sentences) > len(expected) == 2


def test_an_archive_learns_new_types(trained: Path) -> None:
    write_brat(trained / "new", ["PORT", "PERSON"], 10)
    output = run(
        *("train", CONFIGS / "fine_tune.jsonnet", "-s", "tuned"),
        # Nothing is learned: what the archive knew has to stay.
        *("-o", '{"trainer.optimizer.lr": 0.0}'),
        cwd=trained,
        FROM="out/model.tar.gz",
        TRAIN="new",
        DEV="old",
        EPOCHS="1",
    )
    assert "types of the archive: PORT; new: PERSON" in output
    assert "new: has no entity of TOWN, which the archive knows: the model unlearns" in output
    types = (trained / "tuned" / "vocabulary" / "entity_labels.txt").read_text("utf-8").split()
    assert (
        types[: types.index("PERSON")]
        == (trained / "out" / "vocabulary" / "entity_labels.txt").read_text("utf-8").split()
    )
    before, after = (torch.load(trained / name / "best.th") for name in ("out", "tuned"))
    grown = 0
    for name, known in before.items():
        assert torch.equal(after[name][tuple(slice(size) for size in known.size())], known), name
        grown += after[name].size() != known.size()
    assert grown > 0
    # The new archive stands alone.
    (trained / "tuned" / "model.tar.gz").rename(trained / "alone.tar.gz")
    (trained / "out").rename(trained / "elsewhere")
    try:
        run("evaluate", "alone.tar.gz", "new", "--output-file", "metrics.json", cwd=trained)
    finally:
        (trained / "elsewhere").rename(trained / "out")
    metrics = json.loads((trained / "metrics.json").read_text("utf-8"))
    assert "micro_f1" in metrics


def test_new_types_without_the_config_for_them_are_named(trained: Path, tmp_path: Path) -> None:
    write_brat(tmp_path / "new", ["PORT", "PERSON"], 10)
    archive = str(trained / "out" / "model.tar.gz")
    overrides: Dict[str, Any] = {
        "model": {"type": "from_archive", "archive_file": archive},
        "vocabulary": {"type": "extend", "directory": archive},
    }
    output = run(
        *("train", CONFIGS / "custom.jsonnet", "-s", "out", "-o", json.dumps(overrides)),
        cwd=tmp_path,
        fails=True,
        TRAIN="new",
        **SMALL,
    )
    message = error(output)
    assert "the data have the types ['PERSON'], which the model of the archive does not" in message
    assert "fine_tune.jsonnet" in message


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"BATCH_SIZE": "abc"}, "BATCH_SIZE is 'abc'; allowed is a whole number from 1"),
        ({"TRAIN": "nowhere"}, "nowhere: no such file"),
        ({"VECTORS": "nope.txt"}, "word vectors 'nope.txt' (VECTORS, pretrained_file) are not"),
        ({"ENCODER": "some/encoder"}, "encoder 'some/encoder' (ENCODER) is no folder here, and"),
        ({"GPUS": "99"}, "the device (GPUS, --cuda-device, trainer.cuda_device) is 99; allowed"),
    ],
)
def test_what_is_wrong_is_one_line(
    environment: Dict[str, str], message: str, tmp_path: Path
) -> None:
    write_brat(tmp_path / "mine", ["PORT", "TOWN"], 3)
    settings = {"TRAIN": "mine", **SMALL, **environment}
    output = run(
        "train", CONFIGS / "custom.jsonnet", "-s", "out", cwd=tmp_path, fails=True, **settings
    )
    assert error(output).startswith(message)
