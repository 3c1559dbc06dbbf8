"""
The model that the benchmarks measure: that of training_config/genia.jsonnet with the seed lengths
1 .. 7, 9, 11, 13, 15, HIDDEN = 384, one neighbouring sentence on each side and batches of 8.
"""

import json
import logging
import os
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from itertools import islice
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Union

import torch
from allennlp.common import Params
from allennlp.common.util import import_module_and_submodules
from allennlp.data import Batch, DatasetReader, Instance, Vocabulary
from allennlp.models import Model
from allennlp.nn.util import move_to_device
from allennlp.predictors import Predictor
from allennlp.training.optimizers import Optimizer
from bare_encoders import SHAPES, random_encoder, transformer_of
from common import report_parser

import_module_and_submodules("locate_label_allennlp")
# Its warnings about groups of parameters that the bare encoder does not have.
logging.getLogger("allennlp.training.optimizers").setLevel(logging.ERROR)

from locate_label_allennlp.data.document import Document  # noqa: E402
from locate_label_allennlp.data.formats import AutoFormat  # noqa: E402

ROOT = Path(__file__).parent.parent
SEED_LENGTHS = [*range(1, 8), 9, 11, 13, 15]


def experiment_parser(
    doc: str,
    rounds: int,
    plot: bool = False,
    train_steps: int = 0,
    limit: int = 0,
    document: int = 0,
) -> ArgumentParser:
    """
    The options of an `Experiment`, of its `Report` and, for scripts that predict, of prediction.
    Those whose default is 0 here are left out.
    """
    parser = report_parser(doc, rounds, plot)
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
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    if train_steps:
        parser.add_argument("--keep", type=float, default=0.1, help="share of seeds that pass")
        parser.add_argument("--lines", type=int, default=64, help="lines a call of the predictor")
        parser.add_argument("--train-steps", type=int, default=train_steps)
    if limit:
        parser.add_argument("--limit", type=int, default=limit, help="sentences of the corpus")
        parser.add_argument(
            "--document", type=int, default=document, help="sentences of a document, at most"
        )
    return parser


class Experiment:
    """
    # Parameters

    options : `argparse.Namespace`
        Those of `experiment_parser`.
    overrides : `Dict[str, Any]`, optional
        Of the config, as well as those among the options.
    **changes : `Any`
        Options that have other values here.
    """

    def __init__(
        self, options: Namespace, overrides: Optional[Dict[str, Any]] = None, **changes: Any
    ) -> None:
        torch.manual_seed(0)
        self.options = Namespace(**{**vars(options), **changes})
        options = self.options
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
            PRECISION=options.precision,
            BATCH_SIZE=str(options.batch_size),
            LEARNING_RATE="1e-4",
            HEAD_LEARNING_RATE="1e-3",
        )
        changed = {"model.seed_lengths": SEED_LENGTHS, **json.loads(options.overrides)}
        self.params = Params.from_file(options.config, json.dumps({**changed, **(overrides or {})}))
        self.reader: Any = self.new_reader()
        self.vocab = Vocabulary.from_instances(self.instances(gold=True))
        self.model: Any = Model.from_params(self.params["model"].duplicate(), vocab=self.vocab)
        self.model.to(self.device)
        self.transformer = transformer_of(self.model)

    def new_reader(self) -> Any:
        """A reader of the config; its tokenizer has met no word yet."""
        return DatasetReader.from_params(self.params["dataset_reader"].duplicate())

    def predictor(self, **options: Any) -> Any:
        """What `allennlp predict` would take."""
        return Predictor.by_name("nested_ner")(self.model, self.reader, **options)

    def instances(self, gold: bool, limit: Optional[int] = None) -> List[Instance]:
        """The first sentences, or all, not yet indexed; those without gold as in prediction."""
        if gold:
            return list(islice(self.reader.read({"training": self.options.corpus}), limit))
        return [
            instance
            for document in first_sentences(self.documents, limit)
            for instance in self.reader.document_to_instances(document)
        ]

    def tensors(self, instances: Sequence[Instance]) -> Dict[str, Any]:
        """A padded batch on the device."""
        batch = Batch(instances)
        batch.index_instances(self.vocab)
        return move_to_device(batch.as_tensor_dict(), self.device)

    def optimizer(self, module: torch.nn.Module) -> torch.optim.Optimizer:
        parameters = [pair for pair in module.named_parameters() if pair[1].requires_grad]
        params = self.params["trainer"]["optimizer"].duplicate()
        return Optimizer.from_params(params, model_parameters=parameters)

    def train(self, steps: int, keep: float) -> None:
        """
        Trains the model for some steps, and sets the filter's threshold: an untrained filter lets
        every seed pass.
        """
        batches = choose_batches(self.instances(gold=True), steps, self.options)
        optimizer = self.optimizer(self.model)
        for index in torch.randperm(len(batches), generator=torch.Generator().manual_seed(0)):
            step(self.model, optimizer, self.tensors(batches[index]))
        self.fit_threshold(self.tensors(batches[len(batches) // 2]), keep)

    def fit_threshold(self, tensors: Dict[str, Any], keep: float) -> float:
        """
        Sets the filter's threshold, and returns it, so that the share `keep` of a batch's seeds
        passes, as it may after a long training.
        """
        self.model.eval()
        logits = []
        hook = self.model._filter.register_forward_hook(lambda *call: logits.append(call[2]))
        with torch.no_grad():
            self.model.candidates(**tensors)
        hook.remove()
        probabilities = torch.cat(logits).float().sigmoid()
        self.model._filter_threshold = float(probabilities.quantile(1 - keep))
        return self.model._filter_threshold


def choose_batches(
    instances: Sequence[Instance], number: int, options: Namespace
) -> List[List[Instance]]:
    """Batches of sentences of like length; of these `number`, from short to long."""
    batches: List[List[Instance]] = [[]]
    for instance in sorted(instances, key=_num_words):
        if batches[-1] and _is_full(batches[-1], instance, options):
            batches.append([])
        batches[-1].append(instance)
    number = min(number, len(batches))
    return [batches[(2 * index + 1) * len(batches) // (2 * number)] for index in range(number)]


def _is_full(batch: List[Instance], longest: Instance, options: Namespace) -> bool:
    if options.token_budget is None:
        return len(batch) >= options.batch_size
    # Sentences may share one.
    contexts = {id(instance.fields["context"]) for instance in [*batch, longest]}
    return len(contexts) * _num_words(longest) > options.token_budget


def step(module: torch.nn.Module, optimizer: torch.optim.Optimizer, inputs: Dict[str, Any]) -> None:
    """A training step: forward, backward, optimiser step."""
    module.train()
    optimizer.zero_grad()
    module(**inputs)["loss"].backward()
    optimizer.step()


def predict_lines(predictor: Any, inputs: Sequence[Union[str, Instance]]) -> List[str]:
    """JSON lines for JSON lines, or for instances, as `allennlp predict` makes them."""
    if isinstance(inputs[0], str):
        outputs = predictor.predict_batch_json([predictor.load_line(line) for line in inputs])
    else:
        outputs = predictor.predict_batch_instance(inputs)
    return [predictor.dump_line(output) for output in outputs]


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
