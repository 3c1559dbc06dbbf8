"""What a long sentence takes, in a process of its own."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
import torch
from locate_label_allennlp.modules.proposer_regressor import PredictionHead, Proposer, Regressor
from locate_label_allennlp.nn.pair_distribution import best_pairs, log_partition

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )

dim, num_words = 384, 512
parts = [Proposer(dim, 5), Regressor(dim, 5), PredictionHead(dim, 5)]
words = torch.randn(1, num_words, dim, requires_grad=True)
lengths = torch.tensor([num_words])

before = peak()
prediction = parts[2](words, parts[1](parts[0](words, lengths)))
(log_partition(prediction.spans).sum() + prediction.log_categories.sum()).backward()
assert words.grad.isfinite().all()
assert best_pairs(prediction.spans)[0].size() == (num_words,)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no peak to ask for")
def test_a_sentence_of_512_words():
    output = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout
    # The distributions are 537 MB, and in one piece there would be three of them and more.
    assert int(output) < 900 * 2**20
