import pytest
import torch
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common.devices import cuda_device_of


@pytest.mark.parametrize(
    ("device", "number"),
    [
        ("cpu", -1),
        (-1, -1),
        (torch.device("cpu"), -1),
        ("cuda", 0),
        ("cuda:3", 3),
        (torch.device("cuda", 1), 1),
        (2, 2),
    ],
)
def test_devices(device, number):
    assert cuda_device_of(device) == number


@pytest.mark.parametrize("is_there", [True, False])
def test_by_default_the_first_gpu_where_there_is_one(is_there, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: is_there)
    assert cuda_device_of(None) == (0 if is_there else -1)


@pytest.mark.parametrize("device", ["gpu", "cuda:x", -2, True, torch.device("meta")])
def test_what_is_no_device(device):
    with pytest.raises(ConfigurationError, match="allowed are 'cpu', 'cuda', 'cuda:0'"):
        cuda_device_of(device)
