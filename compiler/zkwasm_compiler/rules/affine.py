"""The rule family for sums: Σ k_i·x_i + c modulo 2^32 in two steps, whatever registers the x_i are in.

    ${(k_0*x_0 + … + c) & 0xFFFFFFFF} => r :JMPN(fail)
    n + 1 - F*S + F*r :JMPN(fail)                          with F = 2^32 - 1 = -2^-32 in the field

Let S be the integer sum with -n·(2^32-1) <= S <= 2^64 - (n+2)·2^32. If n + 1 + 2^-32·(S - r) is in [0, 2^32) for an r
in [0, 2^32), then q = 2^-32·(S - r) as a field element lies in [-(n+1), 2^32-n-2], so 2^32·q equals S - r up to a
multiple of p; both sides are too small for a multiple other than 0. Hence r = S mod 2^32. With n instead of n + 1 the
largest quotient would also accept r = S + 1. A larger n does no harm: `affine_rule` takes one that leaves room for a
sum that is a little below the range.

Sums that are known to be in [0, 2^32) need no advice: `exact_rule` is the sum itself, in one step, `branch_rule` tests
one in the step of a branch, `power_rule` in that of a table. Their coefficients are field elements, so that x/2^k is a
term as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from zkwasm_compiler.rules.representation import Representation
from zkwasm_compiler.rules.rule import Leaf, Node, Pattern, Rule
from zkwasm_compiler.rules.template import parse_steps

F = 0xFFFFFFFF


PRIME = (1 << 64) - (1 << 32) + 1


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
    if highest <= (1 << 64) - ((n + 3) << 32):
        n += 1  # room for operands of which it takes the compiler to know that they are not below 0
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


def field_coefficient(value: int) -> int:
    """The representative of a field element with the smallest magnitude."""
    value %= PRIME
    return value - PRIME if value > PRIME // 2 else value


@lru_cache(maxsize=4096)
def exact_rule(
    coefficients: tuple[int, ...], constant: int, operands: tuple[Representation, ...], checked: bool = False
) -> Rule | None:
    """The rule for a sum of operands x0, x1, … that is in [0, 2^32): its own one limb.

    The other limb is a sum too: it is 0 for CLEAN operands, 0 when honest for TIDY ones and indexes, and that of the
    only WORD if there is one, whose coefficient must be 1. None for other operands. A LONG operand stands for its high
    word, which is a WORD. The step that makes a `checked` sum proves that it is in [0, 2^32).
    """
    words = [
        k
        for k, representation in zip(coefficients, operands, strict=True)
        if representation in (Representation.WORD, Representation.LONG)
    ]
    if words not in ([], [1]):
        return None
    worst = Representation.CLEAN if set(operands) <= {Representation.CLEAN} else Representation.TIDY
    result = Representation.WORD if words else worst
    return Rule(
        name=f"exact{coefficients}+{constant}.{'.'.join(representation.value for representation in operands)}",
        pattern=Node("exact", _patterns(operands)),
        output="r",
        result=result,
        steps=parse_steps(f"{_sum_text(coefficients, constant, operands)} => r{' :JMPN(fail)' if checked else ''}"),
    )


@lru_cache(maxsize=4096)
def branch_rule(
    coefficients: tuple[int, ...], constant: int, jump: str, inverted: bool, rotated: int | None = None
) -> Rule:
    """A branch on a sum in [-2^32, 2^32), the difference of two i32: to ``then`` where it is negative (`jump` is JMPN)
    or zero (JMPZ), to ``else`` where not; the other way round when `inverted`. The operand at `rotated` is a LONG that
    stands for its high word."""
    targets = "else, then" if inverted else "then, else"
    operands = _words(len(coefficients), rotated)
    high = "" if rotated is None else f".high{rotated}"
    return Rule(
        name=f"br_if.exact{coefficients}+{constant}{high}.{jump}({targets})",
        pattern=Node("exact_test", _patterns(operands)),
        output=None,
        result=None,
        steps=parse_steps(f"{_sum_text(coefficients, constant, operands)} :{jump}({targets})"),
    )


POWER_TABLES = {"zk.pow2_32": 32, "zk.pow2_64": 64, "zk.rpow2_32": 32, "zk.rpow2_64": 64}
"""The ops that are tables of powers of two, with their numbers of rows."""


@lru_cache(maxsize=4096)
def power_rule(op: str, coefficients: tuple[int, ...], constant: int, rotated: int | None = None) -> Rule:
    """A power of two from a table for an exact sum, which goes into the test of the table's index. The operand at
    `rotated` is a LONG that stands for its high word."""
    operands = _words(len(coefficients), rotated)
    index = _sum_text(coefficients, constant - POWER_TABLES[op], operands)
    return Rule(
        name=f"{op}{coefficients}+{constant}{'' if rotated is None else f'.high{rotated}'}",
        pattern=Node("exact", _patterns(operands)),
        output="p",
        result=Representation.CLEAN if op == "zk.pow2_32" else Representation.LONG,
        steps=parse_steps(f"{index} => e :JMPN(next, fail)\n:CALL({op.removeprefix('zk.')}_end, e) -> p"),
    )


def _words(count: int, rotated: int | None) -> tuple[Representation, ...]:
    return tuple(Representation.LONG if number == rotated else Representation.WORD for number in range(count))


def _sum_text(coefficients: tuple[int, ...], constant: int, operands: tuple[Representation, ...] = ()) -> str:
    names = [f"rot(x{i})*" if i in _longs(operands) else f"x{i}*" for i in range(len(coefficients))]
    terms = [*zip(coefficients, names, strict=True)] + ([(constant, "")] if constant else [])
    return " ".join(f"{'-' if k < 0 else '+'} {text}{abs(k)}" for k, text in terms) or "0"


def _patterns(operands: tuple[Representation, ...]) -> tuple[Pattern, ...]:
    leaves = [Leaf(f"x{i}", representation) for i, representation in enumerate(operands)]
    return tuple(Node("zk.high", (leaf,)) if leaf.representation is Representation.LONG else leaf for leaf in leaves)


def _longs(operands: tuple[Representation, ...]) -> list[int]:
    return [number for number, representation in enumerate(operands) if representation is Representation.LONG]
