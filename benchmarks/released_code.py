"""
Locate and Label here against the code that its authors released: time to predict a corpus, and time
of a training epoch.

    git clone https://github.com/tricktreat/locate-and-label
    python benchmarks/released_code.py --released locate-and-label --corpus FILE --encoder FOLDER \
        --context window --precision bf16 --clock cpu --json FILE

Theirs: reader, sampling, model, evaluator and loss as they are, with the settings of their
`configs/example.conf` (GENIA) but for random word vectors and one part of speech: batches of 6 in
training and 4 in prediction, one neighbouring sentence on each side, spans of 1 to 11 words, fp32,
no processes beside their own. The loops over batches are here, since the file with theirs needs
tensorboard and the AdamW that transformers had; the optimiser is PyTorch's AdamW. Their evaluator
needs scikit-learn and jinja2.

Ours: the config with spans of the same lengths, trained for `--train-steps` steps first. Prediction
goes from documents in a JSON file to entities, an epoch from what is read before to the last
optimiser step. The encoder is the same.
"""

import importlib
import json
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List, Sequence

import torch
import transformers
from common import Report, interleaved
from experiment import experiment_parser, first_sentences
from shared_windows import Contender

from locate_label_allennlp.data.document import Document

LENGTHS = list(range(1, 12))
_WORD_DIM = 200
# Of the model, in `configs/example.conf`.
_SETTINGS = {
    "prop_drop": 0.5,
    "size_embedding": 25,
    "freeze_transformer": False,
    "lstm_layers": 1,
    "lstm_drop": 0.2,
    "pos_size": 25,
    "char_lstm_layers": 1,
    "char_lstm_drop": 0.2,
    "char_size": 50,
    "use_glove": True,
    "use_pos": True,
    "use_char_lstm": True,
    "spn_filter": 5.0,
    "pool_type": "max",
    "use_entity_ctx": True,
    "use_size_embedding": False,
    "reduce_dim": True,
    "bert_before_lstm": True,
    "no_filter": False,
    "no_regressor": False,
    "norm": "sigmoid",
    "no_times_count": False,
}
_TRAINING_BATCH, _PREDICTION_BATCH = 6, 4

# What of a batch their model takes, what else in prediction, and what their loss takes.
_FORWARD = [
    "encodings",
    "context_masks",
    "token_masks",
    "entity_masks",
    "token_masks_bool",
    "entity_masks_token",
    "entity_spans_token",
    "entity_sizes",
    "pos_encoding",
    "wordvec_encoding",
    "char_encoding",
    "token_masks_char",
    "char_count",
]
_PREDICTION = ["entity_spans", "entity_sample_masks"]
_LOSS = [
    "entity_types",
    "entity_types_1",
    "ious",
    "entity_sample_masks",
    "offset_sample_masks",
    "entity_spans_token",
]


class ReleasedCode:
    """
    # Parameters

    folder : `str`
        A clone of their repository.
    encoder : `str`
        A folder with a BERT.
    documents : `Sequence[Document]`
        What is learned from, and predicted.
    work : `Path`
        An empty folder, for the files that their reader reads.
    device : `torch.device`
    """

    def __init__(
        self,
        folder: str,
        encoder: str,
        documents: Sequence[Document],
        work: Path,
        device: torch.device,
    ) -> None:
        sys.path.insert(0, folder)
        # The other way round their imports go in a circle.
        self._util, self._entities, self._sampling = map(_module, ["util", "entities", "sampling"])
        self._device = device
        self._corpus = str(work / "train.json")
        tokenizer = transformers.BertTokenizer.from_pretrained(encoder)
        self._reader = _module("input_reader").JsonInputReader(
            _write_corpus(documents, work),
            tokenizer,
            iou_spn=0.7,
            iou_classifier=1.0,
            neg_entity_count=5,
            neg_rel_count=100,
            window_size=[length - 1 for length in LENGTHS],
            wordvec_filename=str(work / "vectors.txt"),
        )
        self._reader.read({"train": self._corpus})
        config = transformers.BertConfig.from_pretrained(encoder)
        model_class = _module("models").Identifier
        # Transformers 5 looks for it; the code is older.
        model_class.all_tied_weights_keys = {}
        self._model = model_class(
            config,
            embed=torch.from_numpy(self._reader.embedding_weight).float(),
            cls_token=tokenizer.cls_token_id,
            entity_types=self._reader.entity_type_count,
            **_SETTINGS,
        )
        pretrained = transformers.BertModel.from_pretrained(encoder)
        self._model.bert.load_state_dict(pretrained.state_dict())
        self._model.to(device)
        self._loss = self._new_loss()

    def _new_loss(self) -> Any:
        optimizer = torch.optim.AdamW(self._model.parameters(), lr=1e-4, weight_decay=0.01)
        focal = _module("focalloss").FocalLoss
        return _module("loss").IdentifierLoss(
            focal(class_num=2),
            torch.nn.SmoothL1Loss(reduction="none"),
            _module("giouloss").GiouLoss(),
            focal(class_num=self._reader.entity_type_count),
            self._model,
            optimizer,
            transformers.get_constant_schedule(optimizer),
            iou_weight=True,
            max_grad_norm=1.0,
        )

    def epoch(self, _: None = None) -> None:
        """Over what the reader has read: sampling, forward and backward pass, optimiser step."""
        dataset = self._reader.get_dataset("train")
        dataset.switch_mode(self._entities.Dataset.TRAIN_MODE)
        self._model.train()
        for batch in self._batches(dataset, _TRAINING_BATCH, shuffle=True):
            logits, moved_twice, filter_logits, moved, kept, legal = self._model(
                **_taken(batch, _FORWARD)
            )
            self._loss.compute(
                entity_logits=logits,
                offsets1_pred=moved,
                offsets2_pred=moved_twice,
                bin_logits=filter_logits,
                spn_mask=kept,
                illegal_mask=legal,
                l_offsets_gt=batch["l_offsets"],
                r_offsets_gt=batch["r_offsets"],
                **_taken(batch, _LOSS),
            )

    def predict(self, _: None = None) -> List[Any]:
        """Of each sentence of the file of documents the entities."""
        dataset = self._entities.Dataset(
            "test", {}, {}, None, None, [length - 1 for length in LENGTHS], 0.7, 1.0
        )
        self._reader._parse_dataset(self._corpus, dataset, "test")
        dataset.switch_mode(self._entities.Dataset.EVAL_MODE)
        evaluator = _module("evaluator").Evaluator(
            dataset, self._reader, None, False, "", "", 0, 0, "test", nms=0.45
        )
        self._model.eval()
        with torch.no_grad():
            for batch in self._batches(dataset, _PREDICTION_BATCH, shuffle=False):
                types, kept, moved, moved_twice, legal = self._model(
                    evaluate=True, **_taken(batch, _FORWARD + _PREDICTION)
                )
                evaluator.eval_batch(types, kept, moved, moved_twice, batch, legal)
        return evaluator._pred_entities  # type: ignore[no-any-return]

    def _batches(self, dataset: Any, size: int, shuffle: bool) -> Any:
        loader = torch.utils.data.DataLoader(
            dataset,
            size,
            shuffle=shuffle,
            drop_last=shuffle,
            collate_fn=self._sampling.collate_fn_padding,
        )
        return (self._util.to_device(batch, self._device) for batch in loader)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"identifier.{name}")


def _taken(batch: Dict[str, Any], names: Sequence[str]) -> Dict[str, Any]:
    return {name: batch[name] for name in names}


def _write_corpus(documents: Sequence[Document], work: Path) -> str:
    """Corpus, types, parts of speech and word vectors in their formats; the file of the types."""
    lines, words, types = [], set(), set()
    for document in documents:
        texts = [[], *(list(sentence.words) for sentence in document.sentences), []]
        for index, sentence in enumerate(document.sentences, 1):
            entities = [
                {"type": entity.type, "start": entity.start, "end": entity.end}
                for entity in sentence.entities
            ]
            lines.append(
                {
                    "tokens": texts[index],
                    "ltokens": texts[index - 1],
                    "rtokens": texts[index + 1],
                    "pos": ["NN"] * len(texts[index]),
                    "entities": entities,
                    "relations": [],
                }
            )
            # Their reader takes a blank for the end of a word.
            words.update(word.lower() for word in sentence.words if " " not in word)
            types.update(entity.type for entity in sentence.entities)
    _write(work / "train.json", lines)
    _write(work / "pos.json", {"NN": 16})
    _write(
        work / "types.json",
        {"entities": {name: {"short": name, "verbose": name} for name in types}, "relations": {}},
    )
    numbers = torch.randn(len(words), _WORD_DIM).tolist()
    with open(work / "vectors.txt", "w", encoding="utf-8") as file:
        print(len(words), _WORD_DIM, file=file)
        for word, vector in zip(sorted(words), numbers, strict=True):
            print(word, *(f"{number:.4f}" for number in vector), file=file)
    return str(work / "types.json")


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def main() -> None:
    parser = experiment_parser(__doc__, rounds=3, train_steps=30, limit=300, document=20)
    parser.add_argument("--released", metavar="FOLDER", required=True, help="a clone of their code")
    options = parser.parse_args()

    if options.encoder is None:
        parser.error("--encoder is missing; allowed is the folder of a BERT")

    ours = Contender(options, {"model.seed_lengths": LENGTHS})
    device = ours.experiment.device
    documents = list(first_sentences(ours.experiment.documents, options.limit))
    report = Report("released code", options, device)
    with tempfile.TemporaryDirectory() as folder:
        released = ReleasedCode(options.released, options.encoder, documents, Path(folder), device)
        # A model that has learned nothing finds an entity almost everywhere.
        released.epoch()
        runs = {"ours": ours, "released": released}
        for title, part in (("prediction", "predict"), ("training epoch", "epoch")):
            contenders = {name: getattr(run, part) for name, run in runs.items()}
            times = interleaved(contenders, [None], options.rounds, device, options.clock)
            report.add_ratio(f"{title}: released / ours", times, "ours", "released")
            for name in runs:
                report.add(f"{title}: {name}", times.median(name), "s")
    report.finish()


if __name__ == "__main__":
    main()
