"""
Peak memory of one training step and one prediction on one long sentence.

    python benchmarks/long_sentence.py --words 512 --encoder FOLDER

The model is that of training_config/genia.jsonnet (1,024 hidden units); without --encoder its
contextual encoder is left out. Memory is the whole process's resident set, of which the libraries
alone need the first figure printed. The sentence and its entities are made up.
"""

import argparse
import json
import os
import random
import resource
import tempfile
import time
from pathlib import Path

import torch
from allennlp.common import Params
from allennlp.common.util import import_module_and_submodules
from allennlp.data import Batch, DatasetReader, Vocabulary
from allennlp.models import Model
from allennlp.training.optimizers import Optimizer

CONFIG = Path(__file__).parent.parent / "training_config" / "genia.jsonnet"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--words", type=int, default=512)
    parser.add_argument("--encoder", default="", help="a folder or a name on the model hub")
    arguments = parser.parse_args()

    import_module_and_submodules("locate_label_allennlp")
    os.environ.update(ENCODER=arguments.encoder, VECTORS="")
    params = Params.from_file(str(CONFIG))
    print(f"libraries loaded        {peak_megabytes():7.0f} MB")

    reader = DatasetReader.from_params(params["dataset_reader"])
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.jsonl"
        corpus.write_text(json.dumps(made_up_sentence(arguments.words)) + "\n", "utf-8")
        instances = list(reader.read(str(corpus)))
    vocab = Vocabulary.from_instances(instances)
    model = Model.from_params(params["model"], vocab=vocab)
    parameters = [pair for pair in model.named_parameters() if pair[1].requires_grad]
    optimizer = Optimizer.from_params(params["trainer"]["optimizer"], model_parameters=parameters)
    batch = Batch(instances)
    batch.index_instances(vocab)
    tensors = batch.as_tensor_dict()
    print(f"model and batch ready   {peak_megabytes():7.0f} MB")

    for name, step in [
        ("training step", lambda: train_step(model, optimizer, tensors)),
        ("prediction", lambda: predict(model, tensors)),
    ]:
        begin = time.perf_counter()
        step()
        seconds = time.perf_counter() - begin
        print(f"after a {name:15} {peak_megabytes():7.0f} MB  ({seconds:.2f} s)")


def made_up_sentence(num_words: int) -> dict:
    """Words of six letters, and an entity of one to twelve words every eight words."""
    draw = random.Random(13)
    words = ["".join(draw.choices("abcdefghij", k=6)) for _ in range(num_words)]
    entities = [
        {"start": start, "end": min(start + draw.randint(1, 12), num_words), "type": "thing"}
        for start in range(0, num_words, 8)
    ]
    return {"tokens": words, "entities": entities}


def train_step(model: Model, optimizer: torch.optim.Optimizer, tensors: dict) -> None:
    model.train()
    optimizer.zero_grad()
    model(**tensors)["loss"].backward()
    optimizer.step()


def predict(model: Model, tensors: dict) -> None:
    model.eval()
    with torch.inference_mode():
        model(**tensors)


def peak_megabytes() -> float:
    """The most memory that the process has held so far."""
    # In kilobytes on Linux; macOS counts bytes.
    unit = 1 if os.uname().sysname == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


if __name__ == "__main__":
    main()
