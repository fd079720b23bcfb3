"""`Rule`: what a tree of SSA ops becomes. Both sides are data, so rules can be listed, priced and proved.

    rule("i32.rem_u.constant", "i32.rem_u(x:word, %d)", "y:word", "...steps...")

A pattern is an op with sub-patterns: ``x:word`` binds any value in a representation that serves, ``%d`` a constant,
``i32.mul(x:word, y:word)`` a single-use op of the same block. `tests/rules` proves for every rule that whatever advice
satisfies the constraints of its steps gives the op's value in the promised representation, and that the honest advice
satisfies them; a rule without a proof fails the suite.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.machine.step import BINARY
from zkwasm_compiler.rules.representation import Representation
from zkwasm_compiler.rules.template import StepTemplate, parse_steps

Constants = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Leaf:
    """Any value that can be had in `representation`."""

    name: str
    representation: Representation


@dataclass(frozen=True, slots=True)
class Immediate:
    """A constant, bound by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Node:
    """An op with sub-patterns."""

    op: str
    children: tuple[Pattern, ...]


Pattern = Leaf | Immediate | Node

STEP_COST, BINARY_COST, ARITH_COST, FIXED_COST, CONSTANT_COST = 1.0, 0.25, 0.5, 0.15, 0.5
"""Weights of selection: steps first; secondary rows, operand placement and constants break ties."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One lowering rule.

    `output` names the operand that holds the result in `result`; both are None for branch conditions, whose last step
    jumps to the targets ``then`` and ``else``. `constants` computes further constants from the immediates; `guard` says
    for which immediates the rule holds.
    """

    name: str
    pattern: Node
    output: str | None
    result: Representation | None
    steps: tuple[StepTemplate, ...]
    constants: Mapping[str, Callable[[Constants], int]] = field(default_factory=dict)
    guard: Callable[[Constants], int] | None = None

    cost: float = field(init=False, compare=False, repr=False)
    """The price that selection compares; derived from the steps."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cost", _cost(self.steps))

    def solve(self, immediates: Constants) -> dict[str, int] | None:
        """All constants for these immediates, or None when the rule does not hold for them."""
        if self.guard is not None and not self.guard(immediates):
            return None
        return {**immediates, **{name: compute(immediates) for name, compute in self.constants.items()}}


def _cost(steps: tuple[StepTemplate, ...]) -> float:
    total = STEP_COST * sum(not step.is_copy for step in steps)
    for step in steps:
        for operation in step.operations:
            total += BINARY_COST * (operation.name in BINARY) + ARITH_COST * (operation.name == "ARITH")
            total += STEP_COST * (operation.name == "CALL")
            for operand in operation.operands:
                total += CONSTANT_COST if operand.startswith("#") else FIXED_COST
        total += FIXED_COST * sum(term.rotated for term in step.terms)
    return total


def leaves(pattern: Pattern) -> Iterator[Leaf]:
    """The leaves from left to right."""
    if isinstance(pattern, Leaf):
        yield pattern
    elif isinstance(pattern, Node):
        for child in pattern.children:
            yield from leaves(child)


_PATTERN = re.compile(r"\s*(%[a-z]+|[a-z]\w*:[a-z]+|[a-z]\w*\.[a-z]\w*|br_if|[(),])")


def parse_pattern(text: str) -> Node:
    """The pattern written as in the module's description."""
    tokens = _PATTERN.findall(text)
    if "".join(tokens) != text.replace(" ", ""):
        raise InternalError(f"cannot read the rule pattern {text!r}")
    pattern, rest = _pattern(tokens)
    if rest or not isinstance(pattern, Node):
        raise InternalError(f"the rule pattern {text!r} is not one op")
    return pattern


def _pattern(tokens: list[str]) -> tuple[Pattern, list[str]]:
    head, *rest = tokens
    if head.startswith("%"):
        return Immediate(head[1:]), rest
    if ":" in head:
        name, _, representation = head.partition(":")
        return Leaf(name, Representation(representation)), rest
    children: list[Pattern] = []
    rest = rest[1:]
    while True:
        child, rest = _pattern(rest)
        children.append(child)
        separator, *rest = rest
        if separator == ")":
            return Node(head, tuple(children)), rest


class RuleTable:
    """The rules of one module, by the op at the top of their pattern."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def rule(
        self,
        name: str,
        pattern: str,
        result: str,
        steps: str,
        *,
        guard: Callable[[Constants], int] | None = None,
        **constants: Callable[[Constants], int],
    ) -> None:
        """Add a rule. `result` is ``output:representation``, or empty for a branch condition."""
        output, _, representation = result.partition(":")
        parsed = parse_pattern(pattern)
        self.rules.append(
            Rule(
                name,
                parsed,
                output or None,
                Representation(representation) if representation else None,
                parse_steps(steps) if steps.strip() else (),
                constants,
                guard,
            )
        )
