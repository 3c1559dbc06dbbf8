"""
What is changed in the code: operators of Cosmic Ray, and two of our own for code made of calls.
One boundary and one negation for each comparison, one opposite for each sign; replacing each
operator by every other gives mostly type errors, which any test finds.
"""

import ast
import pickle
from typing import Dict, Iterator, List, NamedTuple, Tuple

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from parso.tree import NodeOrLeaf

Position = Tuple[int, int]

COSMIC_RAY = [
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("FloorDiv_Mul", "Mod_Mul", "Pow_Mul")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("BitAnd_BitOr", "BitOr_BitAnd", "BitXor_BitOr")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Eq_NotEq", "NotEq_Eq", "Is_IsNot")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("IsNot_Is", "Lt_LtE", "Lt_GtE")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("LtE_Lt", "LtE_Gt", "Gt_GtE")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Gt_LtE", "GtE_Gt", "GtE_Lt")),
    *(f"ReplaceUnaryOperator_Delete_{sign}" for sign in ("USub", "Invert", "Not")),
    *("AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "NumberReplacer"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
    *("ExceptionReplacer", "RemoveDecorator"),
]

PAIRS = [("min", "max"), ("minimum", "maximum"), ("amin", "amax"), ("argmin", "argmax")]
PAIRS += [("all", "any"), ("sum", "mean"), ("floor", "ceil"), ("zeros", "ones")]
PAIRS += [("zeros_like", "ones_like"), ("new_zeros", "new_ones"), ("clamp_min", "clamp_max")]
OPPOSITE = {**dict(PAIRS), **{second: first for first, second in PAIRS}}


class RemoveKeywordArgument(Operator):
    """`f(x, dim=1)` becomes `f(x)`."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Tuple[Position, Position]]:
        if node.type == "argument" and node.children[1] == "=" and node.parent.type == "arglist":
            yield node.start_pos, node.end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        # `**{}` leaves the commas right, wherever the argument stands.
        return parso.python.tree.Name("**{}", node.start_pos, prefix=node.get_first_leaf().prefix)

    @classmethod
    def examples(cls) -> tuple:
        return ()


class ReplaceByOpposite(Operator):
    """`min(...)` becomes `max(...)`, and so on for the pairs of `PAIRS`."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Tuple[Position, Position]]:
        following = node.get_next_leaf()
        if node.type == "name" and node.value in OPPOSITE and following == "(":
            yield node.start_pos, node.end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        node.value = OPPOSITE[node.value]
        return node

    @classmethod
    def examples(cls) -> tuple:
        return ()


def all_operators() -> Dict[str, Operator]:
    """Each operator under its name in the session's database."""
    operators = {f"core/{name}": get_operator(f"core/{name}")() for name in COSMIC_RAY}
    own = (RemoveKeywordArgument(), ReplaceByOpposite())
    return {**operators, **{f"calls/{type(operator).__name__}": operator for operator in own}}


class Mutation(NamedTuple):
    """One change: which occurrence of an operator, in which line, and the whole source with it."""

    operator: str
    occurrence: int
    line: int
    source: str


def mutations(source: str) -> Iterator[Mutation]:
    """
    All changes of a module. Left out is what a test on one machine cannot or should not see:
    annotations, the texts of errors, `@overrides`, the `*` and `/` of a signature, the `device` of
    a tensor, and `strict=True` of `zip`, which is a check itself.
    """
    tree = get_ast(source)
    # Each change is made in a copy of the tree; reading one is quicker than parsing.
    saved = pickle.dumps(tree)
    nodes = list(ast_nodes(tree))
    unseen = _unseen(ast.parse(source))
    for name, operator in all_operators().items():
        points = ((node, *point) for node in nodes for point in operator.mutation_positions(node))
        for occurrence, (node, start, end) in enumerate(points):
            if node.type == "decorator" and "overrides" in node.get_code():
                continue
            if node.parent is not None and node.parent.type == "parameters":
                continue
            if not any(first <= start and end <= last for first, last in unseen):
                changed = MutationVisitor(occurrence, operator).walk(pickle.loads(saved))
                yield Mutation(name, occurrence, start[0], changed.get_code())


def _unseen(tree: ast.AST) -> List[Tuple[Position, Position]]:
    nodes: List[ast.AST] = []
    for node in ast.walk(tree):
        nodes += [
            getattr(node, name) for name in ("annotation", "returns") if getattr(node, name, None)
        ]
        if isinstance(node, ast.Raise):
            nodes += [inner for inner in ast.walk(node) if isinstance(inner, ast.JoinedStr)]
        if isinstance(node, ast.keyword) and node.arg in ("device", "strict"):
            nodes.append(node)
    return [
        ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)) for node in nodes
    ]
