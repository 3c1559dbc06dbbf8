from tests.mutants.operators import mutations

SOURCE = '''\
from typing import Optional

import torch
from overrides import overrides


class Sums:
    @overrides
    def shift(self, values, *, by: "1 + 1" = 2) -> Optional[int | None]:
        """Adds 1."""
        if by > 3:
            raise ValueError(f"{by - 3} too large")
        return torch.minimum(values, torch.zeros(3, dtype=torch.long, device=values.device)) + by
'''


def changed_lines():
    """Operator, line and the changed text of each mutation."""
    original = SOURCE.splitlines()
    for mutation in mutations(SOURCE):
        changed = mutation.source.splitlines()
        assert len(changed) == len(original)
        (index,) = [i for i, line in enumerate(original) if changed[i] != line]
        assert mutation.line == index + 1
        yield mutation.operator.split("/")[1], mutation.line, changed[index].strip()


def test_each_operator_changes_one_place():
    found = set(changed_lines())
    body = "return torch.minimum(values, torch.zeros(3, dtype=torch.long, device=values.device))"
    assert {
        ("ReplaceComparisonOperator_Gt_GtE", 11, "if by >= 3:"),
        ("ReplaceComparisonOperator_Gt_LtE", 11, "if by <= 3:"),
        ("AddNot", 11, "if not by > 3:"),
        ("ReplaceBinaryOperator_Add_Sub", 13, f"{body} - by"),
        ("ReplaceByOpposite", 13, f"{body} + by".replace("minimum", "maximum")),
        ("ReplaceByOpposite", 13, f"{body} + by".replace("zeros", "ones")),
        ("RemoveKeywordArgument", 13, f"{body} + by".replace("dtype=torch.long", "**{}")),
    } <= found
    assert [line for name, line, _ in found if name == "NumberReplacer"].count(9) == 2


def test_annotations_messages_devices_and_signatures_are_left_alone():
    places = list(changed_lines())
    assert {line for _, line, _ in places} == {9, 11, 13}
    assert {name for name, line, _ in places if line == 9} == {"NumberReplacer"}
    assert all("device=values.device" in text for _, line, text in places if line == 13)
