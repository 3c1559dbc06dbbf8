import torch
from allennlp.common import Params
from allennlp.training.optimizers import Optimizer


def trained(kind, steps=20):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    inputs = torch.randn(16, 4)
    groups = [[[r"0\."], {"lr": 0.03}], [[r"2\."], {"weight_decay": 0.0}]]
    optimizer = Optimizer.from_params(
        Params({"type": kind, "lr": 0.01, "weight_decay": 0.1, "parameter_groups": groups}),
        model_parameters=list(model.named_parameters()),
    )
    for _ in range(steps):
        optimizer.zero_grad()
        (model(inputs) - inputs.sum(1, keepdim=True)).square().mean().backward()
        optimizer.step()
    return list(model.parameters())


def test_learns_what_adamw_learns():
    for fused, plain in zip(trained("fused_adamw"), trained("adamw"), strict=True):
        torch.testing.assert_close(fused, plain, rtol=1e-4, atol=1e-5)


def test_learns_at_all():
    before, after = trained("fused_adamw", steps=0), trained("fused_adamw")
    assert all(not torch.equal(first, last) for first, last in zip(before, after, strict=True))
