import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader

from locate_label_allennlp.data.document import CorpusError, Document, Sentence
from locate_label_allennlp.predictors.bulk_prediction import read_corpus, write_predictions

Pairs = Sequence[Tuple[Dict[str, Any], Document]]


class Predictor:
    """Finds nothing, and keeps account of what it was given."""

    def __init__(self) -> None:
        self.batches: List[int] = []
        self.with_gold: List[bool] = []

    def predict_documents(self, inputs: Pairs, with_gold: bool) -> List[Dict[str, Any]]:
        self.batches.append(len(inputs))
        self.with_gold.append(with_gold)
        return [item for item, _ in inputs]

    def dump_line(self, output: Dict[str, Any]) -> str:
        return json.dumps(output) + "\n"


def pairs(number: int, error: bool = False) -> Iterator[Tuple[Dict[str, Any], Document]]:
    for index in range(number):
        yield {"id": index}, Document((Sentence(("a",)),))
    if error:
        raise CorpusError("is wrong", "a.jsonl", number + 1)


@pytest.mark.parametrize(("size", "batches"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (9, [5])])
@pytest.mark.parametrize("fails", [False, True])
def test_what_comes_before_an_error_is_written_whatever_the_batches(
    size: int, batches: List[int], fails: bool
) -> None:
    predictor, written = Predictor(), []
    arguments: Any = (predictor, pairs(5, fails), written.append, size, True)
    if fails:
        with pytest.raises(CorpusError, match=r"a\.jsonl:6: is wrong"):
            write_predictions(*arguments)
    else:
        write_predictions(*arguments)
    assert predictor.batches == batches
    assert len(written) == len(batches)
    assert set(predictor.with_gold) == {True}
    assert [json.loads(line)["id"] for line in "".join(written).splitlines()] == [0, 1, 2, 3, 4]


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    lines = [
        {
            "doc_id": "x",
            "text": "Old Tarn. So",
            "sentences": [
                {
                    "sent_id": "x1",
                    "tokens": ["Old", "Tarn."],
                    "offsets": [[0, 3], [4, 9]],
                    "pos": ["A", "B"],
                    "entities": [{"start": 0, "end": 2, "type": "PLACE"}],
                },
                {"tokens": ["So"], "offsets": [[10, 12]], "entities": []},
            ],
        },
        {"tokens": ["No", "name"], "entities": []},
    ]
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def reader(fixtures: Path, **options: Any) -> Any:
    params = Params.from_file(str(fixtures / "configs" / "tiny.jsonnet"))["dataset_reader"]
    return DatasetReader.from_params(Params({**params.as_dict(), **options}))


def test_of_a_corpus_all_but_its_entities_comes_back(corpus: str, fixtures: Path) -> None:
    (first, document), (second, _) = read_corpus(reader(fixtures), corpus)
    given = json.loads(Path(corpus).read_text().splitlines()[0])
    for sentence in given["sentences"]:
        del sentence["entities"]
    assert json.loads(json.dumps(first)) == given
    assert len(document.sentences[0].entities) == 1, "which some models are given"
    assert json.loads(json.dumps(second)) == {"sentences": [{"tokens": ["No", "name"]}]}


@pytest.mark.parametrize(("most", "sentences"), [(1, [1]), (2, [2]), (3, [2, 1]), (9, [2, 1])])
def test_max_instances_counts_sentences(
    most: int, sentences: List[int], corpus: str, fixtures: Path
) -> None:
    read = list(read_corpus(reader(fixtures, max_instances=most), corpus))
    assert [len(item["sentences"]) for item, _ in read] == sentences
    assert [len(document.sentences) for _, document in read] == sentences
