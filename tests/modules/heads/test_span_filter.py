import torch
from allennlp.common import Params

from locate_label_allennlp.modules.heads import SpanFilter
from locate_label_allennlp.nn.range_maximum import RangeMaximum
from locate_label_allennlp.nn.spans import enumerate_spans

CONFIG = {
    "span_extractor": {"type": "inner_boundary", "input_dim": 4},
    "feedforward": {"input_dim": 12, "num_layers": 1, "hidden_dims": 6, "activations": "gelu"},
}


def test_one_logit_a_span():
    lengths = torch.tensor([4, 1])
    seeds = enumerate_spans(lengths, [1, 2], 4)
    words = RangeMaximum(torch.randn(2, 4, 4), lengths)
    module = SpanFilter.from_params(Params(CONFIG)).eval()
    logits = module(words, seeds)
    assert logits.size() == (seeds.num_spans,)
    assert (logits < 0).any() or (logits > 1).any()
    first = seeds.select(torch.tensor([0]))
    torch.testing.assert_close(module(words, first), logits[:1])
