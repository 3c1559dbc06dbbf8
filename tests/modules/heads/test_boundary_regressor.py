import torch
from allennlp.common import Params

from locate_label_allennlp.modules.heads import BoundaryRegressor
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import enumerate_spans


def test_two_signed_offsets_a_span():
    lengths = torch.tensor([4, 1])
    seeds = enumerate_spans(lengths, [1, 2], 4)
    words = RangeMaximum(torch.randn(2, 4, 4) * 10, lengths)
    module = BoundaryRegressor.from_params(
        Params(
            {
                "span_extractor": {"type": "outer_boundary", "input_dim": 4},
                "feedforward": {
                    "input_dim": 12,
                    "num_layers": 1,
                    "hidden_dims": 6,
                    "activations": "gelu",
                },
                "dropout": 0.0,
            }
        )
    )
    offsets = module(words, seeds)
    assert offsets.size() == (seeds.num_spans, 2)
    assert (offsets < 0).any()
    assert (offsets > 0).any()
