"""Rules of arithmetic and bitwise ops.

Canonical forms that other rules and the lowering rely on: constants on the right of commutative ops, no subtraction of
a constant, no rotation to the right by a constant, shift amounts below the width, disjoint `or` and `xor` as `add`.
"""

from __future__ import annotations

from zkwasm_compiler.ir.function import Type
from zkwasm_compiler.rewrite.rule import Template

_I32 = (Type.I32,)

IDENTITIES = (
    Template("add_zero", "add(x, 0)", "x"),
    Template("sub_self", "sub(x, x)", "0"),
    Template("sub_constant", "sub(x, C)", "add(x, sub(0, C))"),
    Template("mul_zero", "mul(x, 0)", "0"),
    Template("mul_one", "mul(x, 1)", "x"),
    Template("mul_minus_one", "mul(x, -1)", "sub(0, x)"),
    Template("and_zero", "and_(x, 0)", "0"),
    Template("and_ones", "and_(x, -1)", "x"),
    Template("and_self", "and_(x, x)", "x"),
    Template("and_not_self", "and_(x, xor(x, -1))", "0"),
    Template("and_absorbs_or", "and_(x, or_(x, y))", "x"),
    Template("or_zero", "or_(x, 0)", "x"),
    Template("or_ones", "or_(x, -1)", "-1"),
    Template("or_self", "or_(x, x)", "x"),
    Template("or_not_self", "or_(x, xor(x, -1))", "-1"),
    Template("or_absorbs_and", "or_(x, and_(x, y))", "x"),
    Template("xor_zero", "xor(x, 0)", "x"),
    Template("xor_self", "xor(x, x)", "0"),
)
"""Neutral, absorbing and idempotent operands."""

CANCELLATION = (
    Template("add_sub", "add(sub(x, y), y)", "x"),
    Template("sub_add", "sub(add(x, y), y)", "x"),
    Template("sub_sub_self", "sub(x, sub(x, y))", "y"),
    Template("sub_of_sum", "sub(x, add(x, y))", "sub(0, y)"),
    Template("sub_self_left", "sub(sub(x, y), x)", "sub(0, y)"),
    Template("add_negated", "add(x, sub(0, y))", "sub(x, y)"),
    Template("sub_negated", "sub(x, sub(0, y))", "add(x, y)"),
    Template("negate_sub", "sub(0, sub(x, y))", "sub(y, x)"),
    Template("negate_complement", "add(xor(x, -1), 1)", "sub(0, x)"),
    Template("xor_xor", "xor(xor(x, y), y)", "x"),
    Template("add_self", "add(x, x)", "shl(x, 1)"),
)
"""Operands that meet themselves again."""

REASSOCIATION = (
    Template("add_add", "add(add(x, C), D)", "add(x, add(C, D))"),
    Template("mul_mul", "mul(mul(x, C), D)", "mul(x, mul(C, D))"),
    Template("and_and", "and_(and_(x, C), D)", "and_(x, and_(C, D))"),
    Template("or_or", "or_(or_(x, C), D)", "or_(x, or_(C, D))"),
    Template("xor_xor_constant", "xor(xor(x, C), D)", "xor(x, xor(C, D))"),
    Template("sub_from_add", "sub(C, add(x, D))", "sub(sub(C, D), x)"),
    Template("sub_from_sub", "sub(C, sub(D, x))", "add(x, sub(C, D))"),
    Template("add_to_sub", "add(sub(C, x), D)", "sub(add(C, D), x)"),
    Template("mul_shl", "mul(shl(x, C), D)", "mul(x, shl(D, C))"),
    Template("shl_mul", "shl(mul(x, C), D)", "mul(x, shl(C, D))"),
)
"""Constants come together. # (x + C) + D == x + (C + D)"""

SHIFTS = (
    *(
        template
        for op in ("shl", "shr_u", "shr_s", "rotl", "rotr")
        for template in (
            Template(f"{op}_whole", f"{op}(x, C)", "x", when="eqz(rem_u(C, BITS))"),
            Template(f"{op}_amount", f"{op}(x, C)", f"{op}(x, rem_u(C, BITS))", when="ge_u(C, BITS)"),
            Template(f"{op}_masked", f"{op}(x, and_(y, C))", f"{op}(x, y)", when="eq(rem_u(C, BITS), sub(BITS, 1))"),
            Template(f"{op}_zero", f"{op}(0, y)", "0"),
        )
    ),
    *(Template(f"{op}_ones", f"{op}(-1, y)", "-1") for op in ("shr_s", "rotl", "rotr")),
    Template("rotr_constant", "rotr(x, C)", "rotl(x, sub(BITS, rem_u(C, BITS)))"),
    Template("rotl_rotl", "rotl(rotl(x, C), D)", "rotl(x, rem_u(add(C, D), BITS))"),
    Template(
        "shl_shl", "shl(shl(x, C), D)", "shl(x, add(C, D))", when="lt_u(add(rem_u(C, BITS), rem_u(D, BITS)), BITS)"
    ),
    Template("shl_shl_out", "shl(shl(x, C), D)", "0", when="ge_u(add(rem_u(C, BITS), rem_u(D, BITS)), BITS)"),
    Template(
        "shr_u_shr_u",
        "shr_u(shr_u(x, C), D)",
        "shr_u(x, add(C, D))",
        when="lt_u(add(rem_u(C, BITS), rem_u(D, BITS)), BITS)",
    ),
    Template("shr_u_shr_u_out", "shr_u(shr_u(x, C), D)", "0", when="ge_u(add(rem_u(C, BITS), rem_u(D, BITS)), BITS)"),
    Template(
        "shr_s_shr_s",
        "shr_s(shr_s(x, C), D)",
        "shr_s(x, add(C, D))",
        when="lt_u(add(rem_u(C, BITS), rem_u(D, BITS)), BITS)",
    ),
    Template("shl_shr_u", "shl(shr_u(x, C), C)", "and_(x, shl(-1, C))"),
    Template("shr_u_shl", "shr_u(shl(x, C), C)", "and_(x, shr_u(-1, C))"),
    Template("shr_s_nonnegative", "shr_s(x, y)", "shr_u(x, y)", when="lt_u(possible(x), SIGN)"),
)
"""Shifts and rotations; amounts count modulo the width."""

KNOWN_BITS = (
    Template("and_keeps_all", "and_(x, C)", "x", when="eqz(and_(possible(x), xor(C, -1)))"),
    Template("and_keeps_none", "and_(x, C)", "0", when="eqz(and_(possible(x), C))"),
    Template("or_disjoint", "or_(x, y)", "add(x, y)", when="eqz(and_(possible(x), possible(y)))"),
    Template("xor_disjoint", "xor(x, y)", "add(x, y)", when="eqz(and_(possible(x), possible(y)))"),
    *(
        template
        for op in ("or_", "xor")
        for template in (
            Template(
                f"{op}_majority",
                f"{op}(and_(xor(x, y), z), and_(x, y))",
                "add(and_(xor(x, y), z), and_(x, y))",
                types=_I32,
            ),
            Template(
                f"{op}_choice",
                f"{op}(and_(x, z), and_(xor(x, -1), y))",
                "add(and_(x, z), and_(xor(x, -1), y))",
                types=_I32,
            ),
            Template(f"{op}_half_sums", f"{op}(xor(x, y), and_(x, y))", "or_(x, y)"),
        )
    ),
    # Beside x >> k then, x & (2^k - 1) costs one step.
    Template(
        "and_into_xor",
        "and_(xor(x, y), C)",
        "xor(and_(x, C), y)",
        when="i32.and_(eqz(and_(possible(y), xor(C, -1))), ne(and_(possible(x), xor(C, -1)), 0))",
    ),
)
"""What is known of the bits. # without carries, or and xor are sums, which cost less in the field"""

DIVISION = (
    Template("mul_power_of_two", "mul(x, C)", "shl(x, ctz(C))", when="eq(popcnt(C), 1)"),
    Template("div_u_power_of_two", "div_u(x, C)", "shr_u(x, ctz(C))", when="eq(popcnt(C), 1)"),
    Template("rem_u_power_of_two", "rem_u(x, C)", "and_(x, sub(C, 1))", when="eq(popcnt(C), 1)"),
    Template("div_s_one", "div_s(x, 1)", "x"),
    Template("rem_s_one", "rem_s(x, 1)", "0"),
    Template("rem_s_minus_one", "rem_s(x, -1)", "0"),
    Template("rem_s_test", "eqz(rem_s(x, C))", "eqz(and_(x, sub(C, 1)))", when="eq(popcnt(C), 1)"),
    Template("div_u_small", "div_u(x, C)", "0", when="lt_u(possible(x), C)"),
    Template("rem_u_small", "rem_u(x, C)", "x", when="lt_u(possible(x), C)"),
    Template("div_s_nonnegative", "div_s(x, C)", "div_u(x, C)", when="i32.and_(lt_u(possible(x), SIGN), lt_s(0, C))"),
    Template("rem_s_nonnegative", "rem_s(x, C)", "rem_u(x, C)", when="i32.and_(lt_u(possible(x), SIGN), lt_s(0, C))"),
)
"""Division and multiplication by constants; none of the divisors is zero, so nothing traps."""

BIT_COUNTS = (
    Template("popcnt_test", "eqz(popcnt(x))", "eqz(x)"),
    Template("clz_test", "eqz(clz(x))", "lt_s(x, 0)"),
    Template("rotl_test", "eqz(rotl(x, y))", "eqz(x)"),
)

ARITHMETIC = (*IDENTITIES, *CANCELLATION, *REASSOCIATION, *SHIFTS, *KNOWN_BITS, *DIVISION, *BIT_COUNTS)
