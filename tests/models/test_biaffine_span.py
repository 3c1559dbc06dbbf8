import json
from pathlib import Path

import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model

from locate_label_allennlp.decoders import GreedyDecoder
from locate_label_allennlp.nn.spans import FlatSpans

FIXTURES = Path(__file__).parents[2] / "fixtures"


def model(**overrides):
    params = Params.from_file(
        str(FIXTURES / "configs" / "tiny_biaffine_span.jsonnet"), json.dumps(overrides)
    )
    reader = DatasetReader.from_params(params["dataset_reader"])
    vocab = Vocabulary.from_instances(reader.read(str(FIXTURES / "formats" / "nested.jsonl")))
    return Model.from_params(vocab=vocab, params=params["model"])


def test_the_best_type_decides_and_nested_entities_are_taken_greedily():
    decoder = model().decoder
    assert isinstance(decoder, GreedyDecoder)
    assert decoder.score_threshold == 0.0


def test_a_span_has_the_scores_of_its_first_and_last_word():
    biaffine = model().eval()
    words = torch.randn(2, 4, 16)
    scores = biaffine._prepare(words, torch.tensor([4, 4]))
    spans = FlatSpans(*torch.tensor([[1, 0], [2, 0], [3, 2]]))
    # (S, C + 1)
    logits = biaffine._logits(scores, spans)
    torch.testing.assert_close(logits, torch.stack([scores[1, 2, :, 3], scores[0, 0, :, 2]]))


def test_a_projection_of_another_size_is_refused():
    message = "end_feedforward.input_dim is 9, but the word encoder gives vectors of size 16"
    with pytest.raises(ConfigurationError, match=message):
        model(**{"model.end_feedforward.input_dim": 9})
