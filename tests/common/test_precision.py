import pytest
import torch
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common import precision
from locate_label_allennlp.common.precision import (
    at_precision,
    check_precision,
    cpu_has_bfloat16,
    lower_precision,
)

CPU = torch.device("cpu")
GPU = torch.device("cuda", 0)


@pytest.mark.parametrize("name", ["auto", "fp32", "bf16", "fp16"])
def test_what_is_allowed(name):
    assert check_precision(name) == name


@pytest.mark.parametrize("name", ["float16", "", "16"])
def test_what_is_not(name):
    allowed = r"\('auto', 'fp32', 'bf16', 'fp16'\)"
    with pytest.raises(ConfigurationError, match=f"precision is '{name}'; allowed are {allowed}"):
        check_precision(name)


@pytest.mark.parametrize("device", [CPU, GPU])
def test_a_precision_that_is_named_holds_on_every_device(device):
    assert lower_precision("fp32", device) is None
    assert lower_precision("bf16", device) == torch.bfloat16
    assert lower_precision("fp16", device) == torch.float16


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, None),
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"architecture": "aarch64"}, None),
    ],
)
def test_auto_is_what_the_processor_has(monkeypatch, known, expected):
    # Not what tests/conftest.py puts in its place.
    monkeypatch.setattr(precision, "cpu_has_bfloat16", cpu_has_bfloat16)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known)
    assert lower_precision("auto", CPU) == expected


def test_auto_is_float32_where_torch_does_not_say(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert not cpu_has_bfloat16()


def test_auto_is_what_the_gpu_has(monkeypatch):
    for has_bfloat16, expected in [(True, torch.bfloat16), (False, torch.float16)]:
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation, has=has_bfloat16: has
        )
        assert lower_precision("auto", GPU) == expected


def product(name):
    left, right = torch.randn(2, 8, 8, generator=torch.Generator().manual_seed(3))
    with at_precision(name, CPU):
        return left @ right


def test_products_have_the_precision_asked_for():
    exact = product("fp32")
    assert exact.dtype == torch.float32
    lower = product("bf16")
    assert lower.dtype == torch.bfloat16
    torch.testing.assert_close(lower.float(), exact, rtol=0.05, atol=0.05)
    assert torch.equal(product("auto"), exact)


@pytest.mark.parametrize("name", ["fp32", "auto"])
def test_a_context_around_it_has_no_say(name):
    exact = product(name)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(product(name), exact)
        assert product(name).dtype == torch.float32
        assert product("bf16").dtype == torch.bfloat16
        assert torch.is_autocast_enabled("cpu")
