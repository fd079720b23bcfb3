"""Lowering rules for i32 values. Sums of several operands and constants are `rules.affine`'s.

Advice reads whole registers, so a WORD is masked there. Sources of the recipes are named where they are not plain.
"""

from __future__ import annotations

from zkwasm_compiler.ir.ops import quotient_offset
from zkwasm_compiler.rules.rule import Constants, RuleTable

TABLE = RuleTable()
rule = TABLE.rule

F = 0xFFFFFFFF
PRIME = (1 << 64) - (1 << 32) + 1


def _scale(d: int) -> int:
    """The smallest number whose product with d is not below 2^32."""
    return -(-(1 << 32) // d)


def has_quotient_above(d: int) -> bool:
    """Whether there is a rule for `zk.div_u_above` by d."""
    return d > 1 and _scale(d) * (d - 1) < 1 << 32


def has_short_quotient(d: int) -> bool:
    """Whether there is a rule of two steps for division by d; so for all d below 65535."""
    return d > 0 and F // d * (d + 1) > 1 << 32


def _mask(_: Constants) -> int:
    return F


# A binary operation checks the limbs of both operands and of its result. Carries only go upwards, and the bitwise
# operations act limb by limb: the low limb of the result depends on the low limbs alone.
rule("i32.add", "i32.add(x:word, y:word)", "r:word", "$ => r :ADD(x, y)")
rule("i32.sub", "i32.sub(x:word, y:word)", "r:word", "$ => r :SUB(x, y)")
for _op in ("and", "or", "xor"):
    for _representation in ("clean", "tidy", "word"):
        rule(
            f"i32.{_op}.{_representation}",
            f"i32.{_op}(x:{_representation}, y:{_representation})",
            f"r:{_representation}",
            f"$ => r :{_op.upper()}(x, y)",
        )
rule("i32.and.mask", "i32.and(x:word, y:clean)", "r:clean", "$ => r :AND(x, y)")  # the high limb is x.hi & 0
rule("i32.and.tidy_mask", "i32.and(x:word, y:tidy)", "r:tidy", "$ => r :AND(x, y)")

rule(
    "i32.mul",
    "i32.mul(x:clean, y:clean)",
    "r:word",
    "${x * y} => r :ARITH(x, y, #0, #0)",
)
rule(
    "i32.mul.word",
    "i32.mul(x:word, y:word)",
    "r:word",
    """
    ${(x * y) >> 64} => d
    ${x * y} => r :ARITH(x, y, #0, d)
    """,
)
rule(
    "i32.mul_add",
    "i32.add(i32.mul(x:clean, y:clean), z:clean)",
    "r:word",
    "${(x * y) + z} => r :ARITH(x, y, z, #0)",
)
rule(
    "i32.mul_add.word",
    "i32.add(i32.mul(x:word, y:word), z:word)",
    "r:word",
    """
    ${((x * y) + z) >> 64} => d
    ${(x * y) + z} => r :ARITH(x, y, z, d)
    """,
)

# Quotient by a constant: q and y = x - d*q are both below 2^32, and d*q < p, so the equation holds over the integers.
_QUOTIENT = """
    ${(x & 0xFFFFFFFF) / %d} => q :JMPN(fail)
    x - %d*q => y :JMPN(fail)
    y - %d :JMPN(next, fail)
    """
rule("i32.div_u.constant", "i32.div_u(x:word, %d)", "q:tidy", _QUOTIENT, guard=lambda c: c["d"] > 0)
rule("i32.rem_u.constant", "i32.rem_u(x:word, %d)", "y:word", _QUOTIENT, guard=lambda c: c["d"] > 0)
rule("i32.rem_u.constant.tidy", "i32.rem_u(x:tidy, %d)", "y:tidy", _QUOTIENT, guard=lambda c: c["d"] > 0)
rule(
    "i32.shr_u.constant",
    "i32.shr_u(x:word, %s)",
    "q:tidy",
    _QUOTIENT,
    guard=lambda c: c["s"] % 32 != 0,
    d=lambda c: 1 << (c["s"] % 32),
)
# In two steps: with a*d < 2^32 < a*(d + 1), T = a*(x - d*q) + a - 1 is in [0, 2^32) exactly for x - d*q in [0, d):
# negative below 0, and at least a*d + a - 1 from d on. As q < 2^32 it is at least a - 1 - (2^32 - 1)^2, and there
# p + T is not below 2^32 either.
_SHORT_QUOTIENT = """
    ${(x & 0xFFFFFFFF) / %d} => q :JMPN(fail)
    %c + x*%a - q*%b :JMPN(fail)
    """
for _op, _immediate, _divisor in (
    ("div_u", "d", lambda c: c["d"]),
    ("shr_u", "s", lambda c: 1 << (c["s"] % 32)),
):
    rule(
        f"i32.{_op}.constant.short",
        f"i32.{_op}(x:word, %{_immediate})",
        "q:tidy",
        _SHORT_QUOTIENT,
        guard=lambda c, d=_divisor: has_short_quotient(d(c)),  # type: ignore[misc]
        d=_divisor,
        a=lambda c, d=_divisor: F // d(c),  # type: ignore[misc]
        b=lambda c, d=_divisor: F // d(c) * d(c),  # type: ignore[misc]
        c=lambda c, d=_divisor: F // d(c) - 1,  # type: ignore[misc]
    )
# The quotient and an offset in two steps. With m the smallest number for which m*d >= 2^32, and e = m*d - 2^32, let
# y in [0, 2^32) and q = c + x/d - y/(m*d) in [0, 2^32): m*d times the second is m*x - y = m*d*(q - c) + p*k. For
# c = e + 1 the sides are too close for k != 0. Then y is m*(x - d*(q - c)), so x - d*(q - c) is in [0, 2^32/m), which
# is in [0, d). The honest y is below 2^32 where e < m. High limbs go the same way.
for _representation in ("tidy", "word"):
    rule(
        f"zk.div_u_above.{_representation}",
        f"zk.div_u_above(x:{_representation}, %d)",
        f"q:{_representation}",
        """
        ${(((x & 0xFFFFFFFF) % %d) * %m) + ((((x >> 32) % %d) * %m) << 32)} => y :JMPN(fail)
        %c + x*%u - y*%v => q :JMPN(fail)
        """,
        guard=lambda c: has_quotient_above(c["d"]),
        m=lambda c: _scale(c["d"]),
        c=lambda c: quotient_offset(c["d"]),
        u=lambda c: pow(c["d"], -1, PRIME),
        v=lambda c: pow(c["d"] * _scale(c["d"]), -1, PRIME),
    )
_DIVISION = """
    y :JMPZ(trap_integer_divide_by_zero)
    ${x / y} => q
    ${x % y} => r
    x :ARITH(q, y, r, #0)
    r - y :JMPN(next, fail)
    """
rule("i32.div_u", "i32.div_u(x:clean, y:clean)", "q:clean", _DIVISION)
rule("i32.rem_u", "i32.rem_u(x:clean, y:clean)", "r:clean", _DIVISION)
_NONZERO_DIVISION = _DIVISION.partition("trap_integer_divide_by_zero)")[2]
rule("zk.div_u_nz_32", "zk.div_u_nz_32(x:clean, y:clean)", "q:clean", _NONZERO_DIVISION)
rule("zk.rem_u_nz_32", "zk.rem_u_nz_32(x:clean, y:clean)", "r:clean", _NONZERO_DIVISION)

# 1 + 2^(64-k)*x - 2^32*r + r is 1 + (the top k bits that were rotated) exactly for r = rotr(x, k); k = 31 would also
# accept another r for x = 0x7FFFFFFF, so there the inverse rotation is checked.
for _op, _k in (("rotl", lambda c: -c["s"] % 32), ("rotr", lambda c: c["s"] % 32)):
    rule(
        f"i32.{_op}.constant",
        f"i32.{_op}(x:word, %s)",
        "r:tidy",
        """
        ${((x & 0xFFFFFFFF) >> %k) | (((x & 0xFFFFFFFF) << %j) & 0xFFFFFFFF)} => r :JMPN(fail)
        1 - %f*r + x*%p :JMPN(fail)
        """,
        guard=lambda c, k=_k: 1 <= k(c) <= 30,  # type: ignore[misc]
        k=_k,
        j=lambda c, k=_k: 32 - k(c),  # type: ignore[misc]
        f=_mask,
        p=lambda c, k=_k: 1 << (64 - k(c)),  # type: ignore[misc]
    )
    rule(
        f"i32.{_op}.constant_31",
        f"i32.{_op}(x:word, %s)",
        "r:tidy",
        """
        ${((x & 0xFFFFFFFF) >> 31) | (((x & 0xFFFFFFFF) << 1) & 0xFFFFFFFF)} => r :JMPN(fail)
        1 - %f*x + r*%p :JMPN(fail)
        """,
        guard=lambda c, k=_k: k(c) == 31,  # type: ignore[misc]
        f=_mask,
        p=lambda c: 1 << 63,
    )

# Sums, differences and products that are known to stay in 0..2^32-1.
for _representation in ("clean", "tidy"):
    rule(
        f"zk.add_nw.{_representation}",
        f"zk.add_nw(x:{_representation}, y:{_representation})",
        f"r:{_representation}",
        "x + y => r",
    )
    rule(
        f"zk.add_nw.constant.{_representation}",
        f"zk.add_nw(x:{_representation}, %c)",
        f"r:{_representation}",
        "x + %c => r",
    )
    rule(
        f"zk.sub_nw.{_representation}",
        f"zk.sub_nw(x:{_representation}, y:{_representation})",
        f"r:{_representation}",
        "x - y => r",
    )
    rule(
        f"zk.sub_nw.constant.{_representation}",
        f"zk.sub_nw(x:{_representation}, %c)",
        f"r:{_representation}",
        "x - %c => r",
    )
    rule(
        f"zk.sub_nw.from_constant.{_representation}",
        f"zk.sub_nw(%c, x:{_representation})",
        f"r:{_representation}",
        "%c - x => r",
    )
    rule(
        f"zk.neg_nz.{_representation}",
        f"zk.neg_nz(x:{_representation})",
        f"r:{_representation}",
        "4294967296 - x => r",
    )
    rule(
        f"zk.mul_nw_32.constant.{_representation}",
        f"zk.mul_nw_32(x:{_representation}, %c)",
        f"r:{_representation}",
        "x*%c => r",
    )
# The high limb of a WORD would leave the limb's range in a sum of registers; a binary operation keeps it there.
rule("zk.add_nw.word", "zk.add_nw(x:word, y:word)", "r:word", "$ => r :ADD(x, y)")
rule("zk.sub_nw.word", "zk.sub_nw(x:word, y:word)", "r:word", "$ => r :SUB(x, y)")
rule("zk.add_nw.constant.word", "zk.add_nw(x:word, %c)", "r:word", "x + %c => r")
rule("zk.sub_nw.constant.word", "zk.sub_nw(x:word, %c)", "r:word", "x - %c => r")
rule("zk.neg_nz.word", "zk.neg_nz(x:word)", "r:word", "$ => r :SUB(#0, x)")
rule("zk.mul_nw_32", "zk.mul_nw_32(x:clean, y:clean)", "r:clean", "${x * y} => r :ARITH(x, y, #0, #0)")
rule(
    "zk.mul_nw_32.word",
    "zk.mul_nw_32(x:word, y:word)",
    "r:word",
    """
    ${(x * y) >> 64} => d
    ${x * y} => r :ARITH(x, y, #0, d)
    """,
)
rule(
    "zk.mul_nw_32.add",
    "zk.add_nw(zk.mul_nw_32(x:clean, y:clean), z:clean)",
    "r:clean",
    "${(x * y) + z} => r :ARITH(x, y, z, #0)",
)
rule(
    "zk.mul_nw_32.add_word",
    "zk.add_nw(zk.mul_nw_32(x:word, y:word), z:word)",
    "r:word",
    """
    ${((x * y) + z) >> 64} => d
    ${(x * y) + z} => r :ARITH(x, y, z, d)
    """,
)

# Powers of two from the program's tables of returns: the row at `end + e` gives 2^(w+e) in a table `pow2_w`, 2^(-e) in
# a table `rpow2_w`. Both have w rows, the second without 2^64, which is no 64-bit number.
for _table, _width, _result in (
    ("pow2_32", 32, "clean"),
    ("pow2_64", 64, "long"),
    ("rpow2_32", 32, "long"),
    ("rpow2_64", 64, "long"),
):
    rule(
        f"zk.{_table}",
        f"zk.{_table}(s:word)",
        f"p:{_result}",
        f"""
        s - {_width} => e :JMPN(next, fail)
        :CALL({_table}_end, e) -> p
        """,
    )
rule("zk.high", "zk.high(x:long)", "r:word", "rot(x) => r")
rule("zk.fold", "zk.fold(x:long)", "r:word", "x + rot(x) => r")

# Leading zeros of a nonzero x: x*2^(32+k) fits in 64 bits (D = 0) and has its top bit set for exactly one k.
_LEADING_32 = " + ".join(f"(x < {1 << bit})" for bit in range(32))
rule(
    "zk.clz_nz_32",
    "zk.clz_nz_32(x:clean)",
    "k:tidy",
    f"""
    ${{{_LEADING_32}}} => k :JMPN(fail)
    k - 32 => e :JMPN(next, fail)
    :CALL(pow2_64_end, e) -> p
    ${{x * p}} => m :ARITH(x, p, #0, #0)
    rot(m) - 0x80000000 :JMPN(fail)
    """,
)
