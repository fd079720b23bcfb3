"""Lowering rules that count ones: sums of bits in pairs, nibbles and bytes, then of the bytes.

The sums in fields are Warren's (Hacker's Delight, 5-1), but no bit is shifted: with the even fields m = x & mask, x is
m + 2^w·(odd fields), so (x + (2^w-1)·m) / 2^w is the odd fields plus the even ones, limb by limb and exact. Nothing is
checked there but the AND.

The bytes b_j of t (at most 16 each, at most 64 together) are added up modulo 255. Let f be t, or the sum of its limbs,
q = (f - y)/255 in the field and

    y in [0, 2^32)    and    z = 2^22 + q - 2^16·y in [0, 2^32).

Multiplied by 255 the second is f - y + 255·2^22 - 255·2^16·y = 255·z + p·k, where both sides but for p·k are between
-2^57 and 2^41: k = 0, so y = f modulo 255 over the integers, which is the sum of the bytes modulo 255. Another y than
that sum is at least 255 larger: then z < 2^22 + 2^21 - 2^16·255 < 0. For the sum itself, z is in [0, 2^23).
"""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_compiler.rules.rule import Constants, RuleTable

TABLE = RuleTable()
F = 0xFFFFFFFF
PRIME = (1 << 64) - (1 << 32) + 1
SCALE, OFFSET = 1 << 16, 1 << 22


def _inverse(number: int) -> int:
    return pow(number, -1, PRIME)


def _fields(width: int) -> int:
    """The 64-bit mask of every second field of `width` bits, from the lowest on."""
    return sum(((1 << width) - 1) << position for position in range(0, 64, 2 * width))


def _always(number: int) -> Callable[[Constants], int]:
    return lambda _: number


_SUMS = """
    $ => m :AND(x, #pairs)
    x*%half + m*%half => p
    $ => q :AND(p, #nibbles)
    p*%quarter + q*3*%quarter => r
    $ => s :AND(r, #bytes)"""
_MASKS = {"pairs": _always(_fields(1)), "nibbles": _always(_fields(2)), "bytes": _always(_fields(4))}
_FACTORS = {"half": _always(_inverse(2)), "quarter": _always(_inverse(4))}
_WEIGHT = _always((_inverse(255) + SCALE) % PRIME)

# The bytes of the low limb are (r + 15*s)/16; what the high limb holds does not matter.
TABLE.rule(
    "i32.popcnt",
    "i32.popcnt(x:word)",
    "y:tidy",
    f"""{_SUMS}
    ${{((((r & {F}) + ((s & {F}) * 15)) / 16) % 255)}} => y :JMPN(fail)
    {OFFSET} + r*%share + s*15*%share - y*%weight :JMPN(fail)
    """,
    share=_always(_inverse(255 * 16)),
    weight=_WEIGHT,
    **_MASKS,
    **_FACTORS,
)
TABLE.rule(
    "zk.popcnt_64",
    "zk.popcnt_64(x:long)",
    "y:tidy",
    f"""{_SUMS}
    r*%sixteenth + s*15*%sixteenth => t
    ${{t % 255}} => y :JMPN(fail)
    {OFFSET} + t*%share + rot(t)*%share - y*%weight :JMPN(fail)
    """,
    sixteenth=_always(_inverse(16)),
    share=_always(_inverse(255)),
    weight=_WEIGHT,
    **_MASKS,
    **_FACTORS,
)
