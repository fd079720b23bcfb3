"""Operands for floating-point operations: special ones, and random ones near where something changes.

`ZKWASM_FLOAT_CASES` sets how many random operands each operation is tried on, instead of a few for every day.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator, Sequence

from zkwasm_compiler.ir.floats import F32, F64, Format

CASES = int(os.environ.get("ZKWASM_FLOAT_CASES", "0"))
SEED = int(os.environ.get("ZKWASM_SEED", "0"))
FORMATS = {"f32": F32, "f64": F64}
BITS = {"i32": 32, "i64": 64, "f32": 32, "f64": 64}


def count(daily: int) -> int:
    """How many random operands to try."""
    return CASES or daily


def special(type_: str) -> list[int]:
    """Zeros, the ends of the subnormal, the normal and the integer numbers, halves, infinities, NaNs with payloads."""
    bits = BITS[type_]
    if type_ not in FORMATS:
        values = {0, 1, 2, 3, 1 << 23, (1 << 24) - 1, (1 << 24) + 1, (1 << 24) + 3, (1 << 25) + 2, (1 << 25) + 6}
        values |= {1 << bits - 1, (1 << bits - 1) - 1, (1 << bits) - 1, (1 << bits) - 2}
        values |= {(1 << k) + d for k in (31, 32, 53, 54, 62, 63) for d in (-1, 0, 1)}
        return sorted(value for value in values if value < 1 << bits)
    f = FORMATS[type_]
    unit = 1 << f.fraction
    bias = (1 << bits - f.fraction - 2) - 1
    numbers = [0, 1, 2, unit - 1, unit, unit + 1, 2 * unit - 1, 2 * unit, f.infinity - 1, f.infinity]
    numbers += [f.infinity + 1, f.nan, f.nan + 1, f.sign - 1]
    for exponent in (-2, -1, 0, 1, f.fraction - 1, f.fraction, f.fraction + 1, 31, 32, 63, 64):
        start = bias + exponent << f.fraction
        numbers += [start - 1, start, start + 1, start + unit // 2]
    return sorted({sign | number for number in numbers for sign in (0, f.sign)})


def cross(types: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """All combinations of special operands."""
    return itertools.product(*(special(type_) for type_ in types))


def random_operands(types: Sequence[str], number: int, seed: str) -> Iterator[tuple[int, ...]]:
    """Random operands; two floats are often near each other, or such that a product or quotient is at the end of a
    range."""
    chance = random.Random(f"{seed} {SEED}")
    for _ in range(number):
        values = [_random(type_, chance) for type_ in types]
        if len(values) == 2:
            values[1] = _related(FORMATS[types[0]], values[0], values[1], chance)
        yield tuple(values)


def _random(type_: str, chance: random.Random) -> int:
    bits = BITS[type_]
    if type_ not in FORMATS:
        power = (1 << chance.randrange(bits)) + chance.randint(-1, 1)
        choice = chance.choice((power, chance.getrandbits(chance.randint(1, bits)), chance.getrandbits(bits)))
        return chance.choice((choice, -choice)) & (1 << bits) - 1
    f = FORMATS[type_]
    exponents = 1 << bits - f.fraction - 1
    near_one = exponents // 2 - 1 + chance.randint(-3, f.fraction + 15)
    quarter = chance.choice((1, 3)) * exponents // 4 + chance.randint(-3, 3)  # where routines begin to be careful
    exponent = chance.choice((0, 1, exponents - 1, exponents - 2, near_one, quarter, chance.randrange(exponents)))
    short = chance.getrandbits(chance.randint(1, f.fraction))
    fraction = chance.choice((0, short, short << f.fraction - short.bit_length(), chance.getrandbits(f.fraction)))
    return chance.getrandbits(1) << bits - 1 | exponent << f.fraction | fraction


def _related(f: Format, x: int, y: int, chance: random.Random) -> int:
    kind = chance.random()
    if kind < 0.4:
        return y
    if kind < 0.55:
        return (x + chance.randint(-2, 2) ^ chance.getrandbits(1) << f.bits - 1) & (1 << f.bits) - 1
    all_ones = f.infinity >> f.fraction
    highest, exponent = all_ones - 1, x >> f.fraction & all_ones
    if kind < 0.85:
        exponent += chance.randint(-f.fraction - 4, f.fraction + 4)
    else:
        exponent = chance.choice((highest + highest // 2, highest // 2 - f.fraction // 2)) - exponent
        exponent += chance.randint(-f.fraction // 2 - 3, f.fraction // 2 + 3)
    exponent = min(max(exponent, 0), all_ones)
    return y & ~f.infinity | exponent << f.fraction
