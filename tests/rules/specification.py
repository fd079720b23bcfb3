"""What ops mean, as integer formulas: the goals of the proofs. `test_specification` compares it with `ir.ops`.

A meaning is given by new variables and statements that always have a solution (quotient and remainder exist, a
comparison is 0 or 1), so that stating it adds nothing to what a rule assumes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isqrt
from typing import Any

import z3

from tests.rules.polynomials import WORD, Polynomial
from tests.rules.symbolic_model import Facts
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.ir.ops import quotient_offset

Meaning = Callable[..., Polynomial]
"""Facts and the arguments to the result."""

MEANINGS: dict[str, Meaning] = {
    "convert": lambda facts, x: x,
    "i32.wrap_i64": lambda facts, x: facts.split(x)[0],
    "i64.extend_i32_u": lambda facts, x: x,
    "zk.add_nw": lambda facts, x, y: x + y,
    "zk.sub_nw": lambda facts, x, y: x - y,
    "zk.mul_nw_32": lambda facts, x, y: _small_product(facts, x * y),
    "zk.div_u_above": lambda facts, x, d: facts.divide(x, _constant(d))[0] + quotient_offset(_constant(d)),
    "zk.neg_nz": lambda facts, x: WORD - x,
    "zk.mul_nw": lambda facts, x, y: x * y,
    "zk.mul_add_nw": lambda facts, x, y, z: x * y + z,
    "zk.div_u_nz_32": lambda facts, x, y: _divide(facts, x, y, 32)[0],
    "zk.rem_u_nz_32": lambda facts, x, y: _divide(facts, x, y, 32)[1],
    "zk.div_u_nz_64": lambda facts, x, y: _divide(facts, x, y, 64)[0],
    "zk.rem_u_nz_64": lambda facts, x, y: _divide(facts, x, y, 64)[1],
    "zk.mulhi_u": lambda facts, x, y: facts.divide(x * y, WORD * WORD)[0],
    "zk.mulhi_add": lambda facts, x, y, z: facts.divide(x * y + z, WORD * WORD)[0],
    "zk.mullo_add": lambda facts, x, y, z: facts.divide(x * y + z, WORD * WORD)[1],
    "zk.rotl_pow2": lambda facts, x, p: _rotated(facts, x * p, 64),
    "zk.low": lambda facts, x: x,
    "zk.pack": lambda facts, x, y: x + y * WORD,
    "zk.high": lambda facts, x: facts.split(x)[1],
    "zk.fold": lambda facts, x: facts.split(x)[0] + facts.split(x)[1],
    "zk.upper": lambda facts, x: facts.split(x)[1],
    "zk.join": lambda facts, x, y: _by_halves(facts, x, y, 1),
    "zk.cut": lambda facts, x, y: _by_halves(facts, x, y, -1),
    "zk.add_high": lambda facts, x, y: x + y * WORD,
    "zk.cut_high": lambda facts, x, y: x - y * WORD,
    "zk.significand": lambda facts, x, top: x - top * (1 << 52) + (1 << 52),
    "zk.shl_clz": lambda facts, x: _normalised(facts, x, WORD * WORD // 2),
    "zk.normal": lambda facts, x: _normalised(facts, x, 1 << 52),
    "zk.normal_zeros": lambda facts, x: _leading_zeros(facts, x, 32),
    "zk.div_wide": lambda facts, high, low, y: _divide(facts, high * (WORD * WORD) + low, y, 64)[0],
    "zk.rem_wide": lambda facts, high, low, y: _divide(facts, high * (WORD * WORD) + low, y, 64)[1],
    "zk.sqrt": lambda facts, high, low: _square_root(facts, high, low)[0],
    "zk.sqrt_rest": lambda facts, high, low: _square_root(facts, high, low)[1],
    "zk.high_ones": lambda facts, x: x + (WORD - 1) * WORD,
    "zk.fill_ones": lambda facts, x, s: x + (WORD * WORD - (1 << (64 - _constant(s)))),
    "zk.pow2_32": lambda facts, s: _table(facts, s, {k: 1 << k for k in range(32)}),
    "zk.pow2_64": lambda facts, s: _table(facts, s, {k: 1 << k for k in range(64)}),
    "zk.rpow2_32": lambda facts, s: _table(facts, s, {k: 1 << (32 - k) for k in range(32)}),
    "zk.rpow2_64": lambda facts, s: _table(facts, s, {k: 1 << (64 - k) for k in range(1, 64)}),
    "zk.clz_nz_32": lambda facts, x: _leading_zeros(facts, x, 32),
    "zk.clz_nz_64": lambda facts, x: _leading_zeros(facts, x, 64),
    "zk.ctz_nz_64": lambda facts, x: _trailing_zeros(facts, x, 64),
    "i32.popcnt": lambda facts, x: _ones(x),
    "zk.popcnt_64": lambda facts, x: _ones(x),
}


def _between(low: int, value: Any, high: int) -> Any:
    """low <= value <= high, for numbers and for z3."""
    return low <= value <= high if isinstance(value, int) else z3.And(low <= value, value <= high)


PRECONDITIONS: Mapping[str, Callable[..., Any]] = {
    "zk.add_nw": lambda x, y: x + y < WORD,
    "zk.sub_nw": lambda x, y: x >= y,
    "zk.neg_nz": lambda x: x >= 1,
    "zk.low": lambda x: x < WORD,
    "zk.fold": lambda x: (x % WORD) * WORD + (x - x % WORD) < WORD * WORD,
    "zk.fill_ones": lambda x, s: x < 1 << (64 - s),
    "zk.clz_nz_32": lambda x: x >= 1,
    "zk.clz_nz_64": lambda x: x >= 1,
    "zk.ctz_nz_64": lambda x: x >= 1,
    "zk.shl_clz": lambda x: x >= 1,
    "zk.normal": lambda x: x >= 1,
    "zk.normal_zeros": lambda x: x >= 1,
    "zk.upper": lambda x: x % WORD == 0,
    "zk.add_high": lambda x, y: x + y * WORD < WORD * WORD,
    "zk.cut_high": lambda x, y: x >= y * WORD,
    "zk.significand": lambda x, top: _between(0, x - top * (1 << 52) + (1 << 52), (1 << 64) - 1),
    "zk.div_wide": lambda high, low, y: high < y,
    "zk.rem_wide": lambda high, low, y: high < y,
    "zk.sqrt": lambda high, low: high < 1 << 42,
    "zk.sqrt_rest": lambda high, low: high < 1 << 42,
}
"""What whoever makes the op promises, for numbers and for z3. Proofs of soundness assume it."""

ENFORCED: Mapping[str, Callable[..., Any]] = {
    "zk.pow2_32": lambda s: s < 32,
    "zk.pow2_64": lambda s: s < 64,
    "zk.rpow2_32": lambda s: s < 32,
    "zk.rpow2_64": lambda s: (s < 64) * (s > 0),
    "zk.mul_nw_32": lambda x, y: x * y < WORD,  # proofs assume it too: of the product, see `_small_product`
    "zk.mul_nw": lambda x, y: x * y < WORD * WORD,
    "zk.mul_add_nw": lambda x, y, z: x * y + z < WORD * WORD,
    "zk.join": lambda x, y: x % WORD + y % WORD < WORD and x + y < WORD * WORD,  # proofs assume it, see `_by_halves`
    "zk.cut": lambda x, y: x % WORD >= y % WORD and x >= y,
    "zk.sqrt": lambda high, low: ((high << 64) + low).bit_length() in (47, 48, 105, 106),
    "zk.sqrt_rest": lambda high, low: ((high << 64) + low).bit_length() in (47, 48, 105, 106),
    **{f"zk.{op}_u_nz_{bits}": lambda x, y: y >= 1 for op in ("div", "rem") for bits in (32, 64)},
}
"""Promises, for numbers, on which soundness does not rest: without them nothing can be proved."""

CASES: Mapping[str, tuple[int, tuple[int, ...]]] = {"zk.rotl_pow2": (1, tuple(1 << k for k in range(64)))}
"""Ops with an argument (its number) that is known to be one of a few values."""

BY_BITS = frozenset({"i32.popcnt", "zk.popcnt_64"})
"""Ops whose arguments are given as sums of bits, each a variable."""


def traps(op: str, *arguments: Any) -> dict[Trap, Any]:
    """When the op traps, for numbers and for z3."""
    if op.endswith((".div_u", ".rem_u")):
        return {Trap.INTEGER_DIVIDE_BY_ZERO: arguments[1] == 0}
    return {}


def _constant(value: Polynomial) -> int:
    if value.number is None:
        raise NotImplementedError("a shift by an amount that is not constant")
    return value.number


def _small_product(facts: Facts, product: Polynomial) -> Polynomial:
    """A product that is promised to be below 2^32."""
    facts.say(facts.expression(product) < WORD)
    return product


def _rotated(facts: Facts, product: Polynomial, bits: int) -> Polynomial:
    high, low = facts.divide(product, 1 << bits)
    return high + low


def _table(facts: Facts, argument: Polynomial, entries: Mapping[int, int]) -> Polynomial:
    """A function by its values; unknown elsewhere."""
    result = facts.fresh("entry", 0, max(entries.values()))
    x, y = facts.expression(argument), facts.expression(result)
    facts.say(*(z3.Implies(x == k, y == value) for k, value in entries.items()))
    return result


def _leading_zeros(facts: Facts, value: Polynomial, bits: int) -> Polynomial:
    zeros = facts.fresh("clz", 0, bits)
    x, y = facts.expression(value), facts.expression(zeros)
    facts.say(*(z3.Implies(z3.And(x >= (1 << bits - k) // 2, x < 1 << bits - k), y == k) for k in range(bits + 1)))
    return zeros


def _trailing_zeros(facts: Facts, value: Polynomial, bits: int) -> Polynomial:
    """value = 2^zeros * an odd number, for a nonzero value."""
    zeros, half = facts.fresh("ctz", 0, bits), facts.fresh("half", 0, 1 << bits)
    x, y = facts.expression(value), facts.expression(zeros)
    odd = facts.expression(half * 2 + 1)
    facts.say(z3.Implies(x >= 1, z3.Or(*(z3.And(y == k, x == (1 << k) * odd) for k in range(bits)))))
    return zeros


def _by_halves(facts: Facts, x: Polynomial, y: Polynomial, sign: int) -> Polynomial:
    """x + sign*y, of which each half is promised to be that of the halves."""
    halves = [i + j * sign for i, j in zip(facts.split(x), facts.split(y), strict=True)]
    for half in halves:
        expression = facts.expression(half)
        facts.say(expression >= 0, expression < WORD)
    total = halves[0] + halves[1] * WORD
    facts.halves[total.key] = halves[0], halves[1]
    return total


def _normalised(facts: Facts, value: Polynomial, one: int) -> Polynomial:
    """value * 2^k, of which the leading one is at `one`."""
    result = facts.fresh("normalised", one, 2 * one - 1)
    x, y = facts.expression(value), facts.expression(result)
    facts.say(z3.Implies(x >= 1, z3.Or(*(y == (1 << k) * x for k in range(64)))))
    return result


def _square_root(facts: Facts, high: Polynomial, low: Polynomial) -> tuple[Polynomial, Polynomial]:
    """The root of a number below 2^106, and what it leaves."""
    if high.number is not None and low.number is not None:
        number = (high.number << 64) + low.number
        return Polynomial.constant(isqrt(number)), Polynomial.constant(number - isqrt(number) ** 2)
    root, rest = facts.fresh("root", 0, 1 << 53), facts.fresh("rest", 0, 1 << 54)
    square = facts.product(root, root)
    facts.say_equal(square + rest, high * (WORD * WORD) + low)
    facts.say(facts.expression(rest) <= 2 * facts.expression(root))
    return root, rest


def _ones(value: Polynomial) -> Polynomial:
    """How many bits are 1, of a number or of a sum of powers of two times bits."""
    if value.number is not None:
        return Polynomial.constant(value.number.bit_count())
    assert sorted(value.terms.values()) == [1 << bit for bit in range(len(value.terms))]
    return Polynomial(dict.fromkeys(value.terms, 1))


def _divide(facts: Facts, x: Polynomial, y: Polynomial, bits: int) -> tuple[Polynomial, Polynomial]:
    quotient, remainder = facts.fresh("quotient", 0, (1 << bits) - 1), facts.fresh("remainder", 0, (1 << bits) - 1)
    equation = facts.expression(facts.product(quotient, y) + remainder - x) == 0
    divisor = facts.expression(y)
    facts.say(z3.Implies(divisor >= 1, z3.And(equation, facts.expression(remainder) < divisor)))
    return quotient, remainder


def _bitwise(name: str, bits: int) -> Meaning:
    if bits == 32:
        return lambda facts, x, y: facts.bitwise(name, x, y)

    def halves(facts: Facts, x: Polynomial, y: Polynomial) -> Polynomial:
        low, high = (facts.bitwise(name, i, j) for i, j in zip(facts.split(x), facts.split(y), strict=True))
        return low + high * WORD

    return halves


def _integer(type_: str, bits: int) -> None:
    size = 1 << bits
    compare: dict[str, Callable[[Any, Any], Any]] = {
        "eq": lambda x, y: x == y,
        "ne": lambda x, y: x != y,
        "lt": lambda x, y: x < y,
        "gt": lambda x, y: x > y,
        "le": lambda x, y: x <= y,
        "ge": lambda x, y: x >= y,
    }

    def comparison(name: str) -> Meaning:
        order, _, signed = name.partition("_")

        def meaning(facts: Facts, x: Polynomial, y: Polynomial) -> Polynomial:
            if signed == "s":
                x, y = facts.signed(x, bits), facts.signed(y, bits)
            return facts.indicator(compare[order](facts.expression(x), facts.expression(y)))

        return meaning

    meanings: dict[str, Meaning] = {
        "add": lambda facts, x, y: facts.divide(x + y, size)[1],
        "sub": lambda facts, x, y: facts.divide(x - y, size)[1],
        "mul": lambda facts, x, y: facts.divide(x * y, size)[1],
        "and": _bitwise("AND", bits),
        "or": _bitwise("OR", bits),
        "xor": _bitwise("XOR", bits),
        "shl": lambda facts, x, y: facts.divide(x * (1 << _constant(y) % bits), size)[1],
        "shr_u": lambda facts, x, y: facts.divide(x, 1 << _constant(y) % bits)[0],
        "rotl": lambda facts, x, y: _rotated(facts, x * (1 << _constant(y) % bits), bits),
        "rotr": lambda facts, x, y: _rotated(facts, x * (1 << -_constant(y) % bits), bits),
        "div_u": lambda facts, x, y: _divide(facts, x, y, bits)[0],
        "rem_u": lambda facts, x, y: _divide(facts, x, y, bits)[1],
        "eqz": lambda facts, x: facts.indicator(facts.expression(x) == 0),
        "eq": comparison("eq"),
        "ne": comparison("ne"),
    }
    for order in ("lt", "gt", "le", "ge"):
        for sign in ("u", "s"):
            meanings[f"{order}_{sign}"] = comparison(f"{order}_{sign}")
    for name, meaning in meanings.items():
        MEANINGS[f"{type_}.{name}"] = meaning


_integer("i32", 32)
_integer("i64", 64)
