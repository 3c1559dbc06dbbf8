"""
The model that the benchmarks measure: that of training_config/genia.jsonnet with the seed lengths
1 .. 7, 9, 11, 13, 15, HIDDEN = 384, one neighbouring sentence on each side and batches of 8; and
beside it the bare encoder, which is the measure of its speed.
"""

import json
import logging
import os
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from itertools import islice
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence

import torch
from allennlp.common import Params
from allennlp.common.util import import_module_and_submodules
from allennlp.data import Batch, DatasetReader, Instance, Vocabulary
from allennlp.models import Model
from allennlp.nn.util import move_to_device
from allennlp.training.optimizers import Optimizer
from encoders import SHAPES, BareEncoder, random_encoder, transformer_of

import_module_and_submodules("locate_label_allennlp")
# Its warnings about groups of parameters that the bare encoder has not.
logging.getLogger("allennlp.training.optimizers").setLevel(logging.ERROR)

from locate_label_allennlp.data.document import Document  # noqa: E402
from locate_label_allennlp.data.formats import AutoFormat  # noqa: E402

ROOT = Path(__file__).parent.parent
SEED_LENGTHS = [*range(1, 8), 9, 11, 13, 15]


def add_experiment_options(parser: ArgumentParser) -> None:
    parser.add_argument("--corpus", default=str(ROOT / "fixtures/quickstart/test.jsonl"))
    parser.add_argument("--encoder", help="a folder or a name on the model hub; default: random")
    parser.add_argument(
        "--shape", choices=SHAPES, default="minilm", help="of the encoder with random weights"
    )
    parser.add_argument("--config", default=str(ROOT / "training_config/genia.jsonnet"))
    parser.add_argument("--overrides", default="{}", help="of the config, as JSON")
    parser.add_argument("--hidden", type=int, default=384)
    parser.add_argument("--context", default="1", help="neighbours on each side, or window")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument(
        "--token-budget", type=int, help="words a batch, padding included, instead of --batch-size"
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--precision", choices=["float32", "bf16"], default="float32")


class Experiment:
    """
    # Parameters

    options : `argparse.Namespace`
        Those of `add_experiment_options`.
    extra_overrides : `Dict[str, Any]`, optional
        Of the config, as well as those among the options.
    """

    def __init__(
        self, options: Namespace, extra_overrides: Optional[Dict[str, Any]] = None
    ) -> None:
        torch.manual_seed(0)
        self.options = options
        self.device = torch.device(options.device)
        self.documents = list(AutoFormat().read(options.corpus))
        # Lives as long as this object.
        self._folder = tempfile.TemporaryDirectory()
        if options.encoder is None:
            random_encoder(self._folder.name, options.shape, self.documents)
        os.environ.update(
            ENCODER=options.encoder or self._folder.name,
            VECTORS="",
            HIDDEN=str(options.hidden),
            CONTEXT=options.context,
            BATCH_SIZE=str(options.batch_size),
            LEARNING_RATE="1e-4",
            HEAD_LEARNING_RATE="1e-3",
        )
        overrides = {"model.seed_lengths": SEED_LENGTHS, **json.loads(options.overrides)}
        overrides.update(extra_overrides or {})
        self.params = Params.from_file(options.config, json.dumps(overrides))
        self.reader: Any = self.new_reader()
        self.vocab = Vocabulary.from_instances(self.instances(gold=True))
        self.model: Any = Model.from_params(self.params["model"].duplicate(), vocab=self.vocab)
        self.model.to(self.device)
        self.transformer = transformer_of(self.model)

    def new_reader(self) -> Any:
        """The reader of the config; its tokenizer has met no word yet."""
        return DatasetReader.from_params(self.params["dataset_reader"].duplicate())

    def prediction_reader(self) -> Any:
        """The reader that `allennlp predict` would take, which has met no word yet."""
        return self.new_reader()

    def instances(self, gold: bool, limit: Optional[int] = None) -> List[Instance]:
        """The first sentences, or all, not yet indexed; those without gold as in prediction."""
        if gold:
            return list(islice(self.reader.read({"training": self.options.corpus}), limit))
        return [
            instance
            for document in first_sentences(self.documents, limit)
            for instance in self.reader.document_to_instances(document)
        ]

    def gold_instances(self, documents: Iterable[Document]) -> List[Instance]:
        """Those of other documents than the corpus's."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "corpus.jsonl"
            AutoFormat().write(documents, str(file))
            return list(self.reader.read({"training": str(file)}))

    def batches(self, instances: Sequence[Instance], number: int) -> List[List[Instance]]:
        """Batches of sentences of like length; of these `number`, from short to long."""
        batches: List[List[Instance]] = [[]]
        for instance in sorted(instances, key=_num_words):
            if batches[-1] and self._is_full(batches[-1], instance):
                batches.append([])
            batches[-1].append(instance)
        number = min(number, len(batches))
        return [batches[(2 * index + 1) * len(batches) // (2 * number)] for index in range(number)]

    def _is_full(self, batch: List[Instance], longest: Instance) -> bool:
        if self.options.token_budget is None:
            return len(batch) >= self.options.batch_size
        # Sentences may share one.
        contexts = {id(instance.fields["context"]) for instance in [*batch, longest]}
        return len(contexts) * _num_words(longest) > self.options.token_budget

    def tensors(self, instances: Sequence[Instance]) -> Dict[str, Any]:
        """A padded batch on the device."""
        batch = Batch(instances)
        batch.index_instances(self.vocab)
        return move_to_device(batch.as_tensor_dict(), self.device)

    def optimizer(self, module: torch.nn.Module) -> torch.optim.Optimizer:
        parameters = [pair for pair in module.named_parameters() if pair[1].requires_grad]
        params = self.params["trainer"]["optimizer"].duplicate()
        return Optimizer.from_params(params, model_parameters=parameters)

    def autocast(self) -> torch.autocast:
        is_bf16 = self.options.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=is_bf16)

    def step(self, tensors: Dict[str, Any], optimizer: torch.optim.Optimizer) -> None:
        """A training step of the model: forward, backward, optimiser step."""
        self.model.train()
        optimizer.zero_grad()
        with self.autocast():
            loss = self.model(**tensors)["loss"]
        loss.backward()
        optimizer.step()

    def bare_step(
        self,
        bare: BareEncoder,
        calls: Sequence[Dict[str, Any]],
        tokens: Optional[Dict[str, Any]],
        optimizer: torch.optim.Optimizer,
    ) -> None:
        """The same of the bare encoder; its loss is the mean of its vectors' squares."""
        bare.train()
        optimizer.zero_grad()
        with self.autocast():
            losses = [vectors.float().square().mean() for vectors in bare(calls, tokens)]
        torch.stack(losses).sum().backward()
        optimizer.step()

    def train(self, steps: int, keep: float) -> None:
        """
        Trains the model a little, and sets the filter's threshold so that the share `keep` of the
        seeds passes, as it may be after a long training: an untrained filter lets every seed pass.
        """
        batches = self.batches(self.instances(gold=True), steps)
        optimizer = self.optimizer(self.model)
        for index in torch.randperm(len(batches), generator=torch.Generator().manual_seed(0)):
            self.step(self.tensors(batches[index]), optimizer)
        self.model.eval()
        tensors = self.tensors(batches[len(batches) // 2])
        logits = []
        hook = self.model._filter.register_forward_hook(lambda *call: logits.append(call[2]))
        with torch.no_grad():
            self.model.candidates(**tensors)
        hook.remove()
        probabilities = torch.cat(logits).float().sigmoid()
        self.model._filter_threshold = float(probabilities.quantile(1 - keep))


def first_sentences(documents: Iterable[Document], limit: Optional[int]) -> Iterator[Document]:
    """The documents up to the sentence number `limit`, the last one cut; all without a limit."""
    missing = sys.maxsize if limit is None else limit
    for document in documents:
        if missing <= 0:
            return
        yield Document(document.sentences[:missing], document.doc_id)
        missing -= len(document.sentences)


def _num_words(instance: Instance) -> int:
    return len(instance.fields["context"])  # type: ignore[arg-type]
