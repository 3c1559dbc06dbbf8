import pytest
import torch
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.common.precision import at_precision, check_precision, lower_precision

CPU = torch.device("cpu")
GPU = torch.device("cuda", 0)


@pytest.mark.parametrize("precision", ["auto", "fp32", "bf16", "fp16"])
def test_what_is_allowed(precision):
    assert check_precision(precision) == precision


@pytest.mark.parametrize("precision", ["float16", "", "16"])
def test_what_is_not(precision):
    allowed = r"\('auto', 'fp32', 'bf16', 'fp16'\)"
    with pytest.raises(
        ConfigurationError, match=f"precision is '{precision}'; allowed are {allowed}"
    ):
        check_precision(precision)


@pytest.mark.parametrize("device", [CPU, GPU])
def test_a_precision_that_is_named_holds_on_every_device(device):
    assert lower_precision("fp32", device) is None
    assert lower_precision("bf16", device) == torch.bfloat16
    assert lower_precision("fp16", device) == torch.float16


def test_auto_is_what_the_device_has(monkeypatch):
    assert lower_precision("auto", CPU) is None
    for has_bfloat16, expected in [(True, torch.bfloat16), (False, torch.float16)]:
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation, has=has_bfloat16: has
        )
        assert lower_precision("auto", GPU) == expected


def product(precision):
    left, right = torch.randn(2, 8, 8, generator=torch.Generator().manual_seed(3))
    with at_precision(precision, CPU):
        return left @ right


def test_products_have_the_precision_asked_for():
    exact = product("fp32")
    assert exact.dtype == torch.float32
    lower = product("bf16")
    assert lower.dtype == torch.bfloat16
    torch.testing.assert_close(lower.float(), exact, rtol=0.05, atol=0.05)
    assert torch.equal(product("auto"), exact)


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_a_context_around_it_has_no_say(precision):
    exact = product(precision)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(product(precision), exact)
        assert product(precision).dtype == torch.float32
        assert product("bf16").dtype == torch.bfloat16
        assert torch.is_autocast_enabled("cpu")
