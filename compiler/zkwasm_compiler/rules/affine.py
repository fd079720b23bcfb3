"""The rule family for sums: Σ k_i·x_i + c modulo 2^32 in two steps, whatever registers the x_i are in.

    ${(k_0*x_0 + … + c) & 0xFFFFFFFF} => r :JMPN(fail)
    n + 1 - F*S + F*r :JMPN(fail)                          with F = 2^32 - 1 = -2^-32 in the field

Let S be the integer sum with -n·(2^32-1) <= S <= 2^64 - (n+2)·2^32. If n + 1 + 2^-32·(S - r) is in [0, 2^32) for an r
in [0, 2^32), then q = 2^-32·(S - r) as a field element lies in [-(n+1), 2^32-n-2], so 2^32·q equals S - r up to a
multiple of p; both sides are too small for a multiple other than 0. Hence r = S mod 2^32. With n instead of n + 1 the
largest quotient would also accept r = S + 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from zkwasm_compiler.rules.representation import Representation
from zkwasm_compiler.rules.rule import Leaf, Node, Rule
from zkwasm_compiler.rules.template import parse_steps

F = 0xFFFFFFFF


def signed_coefficient(value: int) -> int:
    """The residue of `value` modulo 2^32 with the smallest magnitude."""
    value &= F
    return value - (1 << 32) if value > 1 << 31 else value


def affine_rule(coefficients: Sequence[int], constant: int) -> Rule | None:
    """The rule for operands x0, x1, … (WORDs) with these coefficients and this constant, all modulo 2^32.

    None when the sum could leave the range in which the check is exact.
    """
    return _affine_rule(tuple(signed_coefficient(k) for k in coefficients), signed_coefficient(constant))


@lru_cache(maxsize=4096)
def _affine_rule(coefficients: tuple[int, ...], constant: int) -> Rule | None:
    lowest = sum(k * F for k in coefficients if k < 0) + min(constant, 0)
    highest = sum(k * F for k in coefficients if k > 0) + max(constant, 0)
    n = -(lowest // F)
    if highest > (1 << 64) - ((n + 2) << 32):
        return None
    advice = " + ".join(
        f"((x{i} & {F}) * {k})" if k >= 0 else f"((x{i} & {F}) * (0 - {-k}))" for i, k in enumerate(coefficients)
    )
    advice += f" + {constant}" if constant >= 0 else f" - {-constant}"
    check = f"{n + 1}"
    for number, text in [*((k, f"x{i}*") for i, k in enumerate(coefficients)), (constant, "")]:
        if number:
            check += f" {'-' if number > 0 else '+'} {text}{F}*{abs(number)}"
    return Rule(
        name=f"affine{coefficients}+{constant}",
        pattern=Node("affine", tuple(Leaf(f"x{i}", Representation.WORD) for i in range(len(coefficients)))),
        output="r",
        result=Representation.TIDY,
        steps=parse_steps(f"${{({advice}) & {F}}} => r :JMPN(fail)\n{check} + r*{F} :JMPN(fail)"),
    )
