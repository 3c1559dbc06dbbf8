import pytest
import torch
from allennlp.common import Params
from allennlp.data import Vocabulary

from locate_label_allennlp.modules.heads import EntityClassifier
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import enumerate_spans


@pytest.mark.parametrize("namespace", ["entity_labels", "kind_labels"])
def test_a_logit_for_none_and_for_each_type(namespace):
    vocab = Vocabulary()
    for name in ("ROLE", "PLACE", "ORG"):
        vocab.add_token_to_namespace(name, namespace)
    config = {
        "span_extractor": {"type": "inner_boundary", "input_dim": 4},
        "feedforward": {"input_dim": 12, "num_layers": 1, "hidden_dims": 6, "activations": "gelu"},
        "label_namespace": namespace,
    }
    module = EntityClassifier.from_params(Params(config), vocab=vocab)
    lengths = torch.tensor([3])
    seeds = enumerate_spans(lengths, [1], 3)
    logits = module(RangeMaximum(torch.randn(1, 3, 4), lengths), seeds)
    assert logits.size() == (3, 4)
