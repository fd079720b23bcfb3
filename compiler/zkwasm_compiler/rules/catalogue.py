"""Every lowering rule, and the rules by the op at the top of their pattern."""

from __future__ import annotations

from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.rules import branch, i32, i64, popcnt
from zkwasm_compiler.rules.representation import Representation
from zkwasm_compiler.rules.rule import Leaf, Node, Rule
from zkwasm_compiler.rules.template import parse_steps

RULES: tuple[Rule, ...] = (
    *i32.TABLE.rules,
    *i64.TABLE.rules,
    *popcnt.TABLE.rules,
    *branch.TABLE.rules,
)

CLEANING = Rule(
    name="convert.clean",
    pattern=Node("convert", (Leaf("x", Representation.WORD),)),
    output="r",
    result=Representation.CLEAN,
    steps=parse_steps("$ => r :AND(x, #mask)"),
    constants={"mask": lambda _: 0xFFFFFFFF},
)
"""The chain rule from WORD to CLEAN."""
CHECKING = Rule(
    name="convert.checked",
    pattern=Node("convert", (Leaf("x", Representation.TIDY),)),
    output="x",
    result=Representation.CLEAN,
    steps=parse_steps("rot(x) :JMPNZ(fail)"),
)
"""The chain rule from TIDY to CLEAN: the high limb is 0, which the honest prover can show."""


CONVERSIONS = (CLEANING, CHECKING)


def conversion(have: Representation) -> Rule:
    """The chain rule to CLEAN."""
    return CHECKING if have is Representation.TIDY else CLEANING


BY_OP: dict[str, tuple[Rule, ...]] = {}
for _rule in RULES:
    if _rule.pattern.op != "br_if" and _rule.pattern.op not in OPS:
        raise ValueError(f"rule {_rule.name} is for {_rule.pattern.op}, which is no op")
    BY_OP[_rule.pattern.op] = (*BY_OP.get(_rule.pattern.op, ()), _rule)
