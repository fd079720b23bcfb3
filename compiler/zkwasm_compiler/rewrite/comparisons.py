"""Rules of comparisons, conversions and `select`.

Canonical forms: `lt` and `ge` of variables, only `lt` with a constant on either side, `eqz(x)` and `ne(x, 0)` as the
tests for zero.
"""

from __future__ import annotations

from zkwasm_compiler.ir.function import Type
from zkwasm_compiler.rewrite.rule import Template

_I32 = (Type.I32,)
_I64 = (Type.I64,)

ORDER = (
    *(Template(f"gt_{s}", f"gt_{s}(x, y)", f"lt_{s}(y, x)") for s in "su"),
    *(Template(f"le_{s}", f"le_{s}(x, y)", f"ge_{s}(y, x)") for s in "su"),
    Template("ge_s_constant", "ge_s(x, C)", "lt_s(sub(C, 1), x)", when="ne(C, SIGN)"),
    Template("ge_u_constant", "ge_u(x, C)", "lt_u(sub(C, 1), x)", when="ne(C, 0)"),
    Template("constant_ge_s", "ge_s(C, x)", "lt_s(x, add(C, 1))", when="ne(C, sub(SIGN, 1))"),
    Template("constant_ge_u", "ge_u(C, x)", "lt_u(x, add(C, 1))", when="ne(C, -1)"),
    Template("ge_s_lowest", "ge_s(x, SIGN)", "1"),
    Template("ge_u_lowest", "ge_u(x, 0)", "1"),
    Template("highest_ge_s", "ge_s(C, x)", "1", when="eq(C, sub(SIGN, 1))"),
    Template("highest_ge_u", "ge_u(-1, x)", "1"),
    Template("lt_s_lowest", "lt_s(x, SIGN)", "0"),
    Template("lt_u_lowest", "lt_u(x, 0)", "0"),
    Template("highest_lt_s", "lt_s(C, x)", "0", when="eq(C, sub(SIGN, 1))"),
    Template("highest_lt_u", "lt_u(-1, x)", "0"),
    Template("lt_u_one", "lt_u(x, 1)", "eqz(x)"),
    Template("zero_lt_u", "lt_u(0, x)", "ne(x, 0)"),
    Template("almost_highest_lt_u", "lt_u(-2, x)", "eq(x, -1)"),
    Template("lt_s_nonnegative", "lt_s(x, y)", "lt_u(x, y)", when="lt_u(or_(possible(x), possible(y)), SIGN)"),
    Template("ge_s_nonnegative", "ge_s(x, y)", "ge_u(x, y)", when="lt_u(or_(possible(x), possible(y)), SIGN)"),
    Template("lt_u_always", "lt_u(x, C)", "1", when="lt_u(possible(x), C)"),
    Template("lt_u_never", "lt_u(C, x)", "0", when="ge_u(C, possible(x))"),
)
"""Less and greater."""

SELF = (
    *(Template(f"{op}_self", f"{op}(x, x)", "1") for op in ("eq", "ge_s", "ge_u")),
    *(Template(f"{op}_self", f"{op}(x, x)", "0") for op in ("ne", "lt_s", "lt_u")),
)

EQUALITY = (
    Template("eq_zero", "eq(x, 0)", "eqz(x)"),
    Template("eq_add", "eq(add(x, C), D)", "eq(x, sub(D, C))"),
    Template("ne_add", "ne(add(x, C), D)", "ne(x, sub(D, C))"),
    Template("eq_xor", "eq(xor(x, C), D)", "eq(x, xor(C, D))"),
    Template("ne_xor", "ne(xor(x, C), D)", "ne(x, xor(C, D))"),
    Template("eqz_add", "eqz(add(x, C))", "eq(x, sub(0, C))"),
    Template("eqz_sub", "eqz(sub(x, y))", "eq(x, y)"),
    Template("eqz_xor", "eqz(xor(x, y))", "eq(x, y)"),
    Template("ne_sub", "ne(sub(x, y), 0)", "ne(x, y)"),
    Template("ne_xor_zero", "ne(xor(x, y), 0)", "ne(x, y)"),
)
"""Equal and not equal."""

INVERSION = (
    Template("not_eq", "i32.eqz(eq(x, y))", "ne(x, y)"),
    Template("not_ne", "i32.eqz(ne(x, y))", "eq(x, y)"),
    Template("not_eqz", "i32.eqz(eqz(x))", "ne(x, 0)"),
    *(Template(f"not_lt_{s}", f"i32.eqz(lt_{s}(x, y))", f"ge_{s}(x, y)") for s in "su"),
    *(Template(f"not_ge_{s}", f"i32.eqz(ge_{s}(x, y))", f"lt_{s}(x, y)") for s in "su"),
    Template("ne_zero_of_boolean", "ne(x, 0)", "x", when="le_u(possible(x), 1)", types=_I32),
    Template("eq_one_of_boolean", "eq(x, 1)", "x", when="le_u(possible(x), 1)", types=_I32),
    Template("ne_one_of_boolean", "ne(x, 1)", "eqz(x)", when="le_u(possible(x), 1)", types=_I32),
    Template("boolean_xor_one", "xor(x, 1)", "eqz(x)", when="le_u(possible(x), 1)", types=_I32),
)
"""The inverse of a comparison is a comparison; a truth value is its own test."""

CONVERSIONS = (
    *(Template(f"wrap_extend_{s}", f"i32.wrap_i64(i64.extend_i32_{s}(x))", "x", types=_I32) for s in "su"),
    *(
        Template(
            f"wrap_{op}",
            f"i32.wrap_i64(i64.{op}(x, y))",
            f"i32.{op}(i32.wrap_i64(x), i32.wrap_i64(y))",
            types=_I32,
            once=True,
        )
        for op in ("add", "sub", "mul", "and_", "or_", "xor")
    ),
    Template(
        "wrap_shl",
        "i32.wrap_i64(i64.shl(x, C))",
        "i32.shl(i32.wrap_i64(x), i32.wrap_i64(C))",
        when="i64.lt_u(C, 32)",
        types=_I32,
        once=True,
    ),
    Template("wrap_shl_out", "i32.wrap_i64(i64.shl(x, C))", "0", when="i64.ge_u(i64.rem_u(C, 64), 32)", types=_I32),
    *(Template(f"eqz_extend_{s}", f"i64.eqz(i64.extend_i32_{s}(x))", "i32.eqz(x)", types=_I32) for s in "su"),
    *(Template(f"ne_extend_{s}_zero", f"i64.ne(i64.extend_i32_{s}(x), 0)", "i32.ne(x, 0)", types=_I32) for s in "su"),
    *(
        Template(
            f"{op}_extend_{s}",
            f"i64.{op}(i64.extend_i32_{s}(x), i64.extend_i32_{s}(y))",
            f"i32.{op}(x, y)",
            types=_I32,
        )
        for op, s in [(o, s) for o in ("eq", "ne") for s in "su"]
        + [("lt_s", "s"), ("ge_s", "s"), ("lt_u", "u"), ("ge_u", "u")]
    ),
    *(
        Template(
            f"{op}_extend_u_constant",
            f"i64.{op}(i64.extend_i32_u(x), C)",
            f"i32.{op}(x, i32.wrap_i64(C))",
            when="i64.eqz(i64.shr_u(C, 32))",
            types=_I32,
        )
        for op in ("eq", "ne", "lt_u")
    ),
    Template(
        "constant_lt_u_extend_u",
        "i64.lt_u(C, i64.extend_i32_u(x))",
        "i32.lt_u(i32.wrap_i64(C), x)",
        when="i64.eqz(i64.shr_u(C, 32))",
        types=_I32,
    ),
    Template(
        "extend_u_of_nonnegative",
        "i64.extend_i32_s(x)",
        "i64.extend_i32_u(x)",
        when="i32.lt_u(possible(x), SIGN)",
        types=_I32,
    ),
    Template("mask_extend_s", "i64.and_(i64.extend_i32_s(x), 0xFFFFFFFF)", "i64.extend_i32_u(x)", types=_I32),
    Template("extend32_extend_u", "i64.extend32_s(i64.extend_i32_u(x))", "i64.extend_i32_s(x)", types=_I32),
    Template("extend32_extend_s", "i64.extend32_s(i64.extend_i32_s(x))", "i64.extend_i32_s(x)", types=_I32),
    Template("extend_u_wrap", "i64.extend_i32_u(i32.wrap_i64(x))", "i64.and_(x, 0xFFFFFFFF)", types=_I64),
    Template("extend_s_wrap", "i64.extend_i32_s(i32.wrap_i64(x))", "i64.extend32_s(x)", types=_I64),
    Template("extend8_mask", "extend8_s(and_(x, C))", "extend8_s(x)", when="eq(and_(C, 0xFF), 0xFF)"),
    Template("extend16_mask", "extend16_s(and_(x, C))", "extend16_s(x)", when="eq(and_(C, 0xFFFF), 0xFFFF)"),
    Template(
        "extend32_mask",
        "extend32_s(and_(x, C))",
        "extend32_s(x)",
        when="eq(and_(C, 0xFFFFFFFF), 0xFFFFFFFF)",
        types=_I64,
    ),
    Template("extend8_small", "extend8_s(x)", "x", when="lt_u(possible(x), 0x80)"),
    Template("extend16_small", "extend16_s(x)", "x", when="lt_u(possible(x), 0x8000)"),
    Template("extend32_small", "extend32_s(x)", "x", when="lt_u(possible(x), 0x80000000)", types=_I64),
    Template("shifts_extend8", "shr_s(shl(x, C), C)", "extend8_s(x)", when="eq(rem_u(C, BITS), sub(BITS, 8))"),
    Template("shifts_extend16", "shr_s(shl(x, C), C)", "extend16_s(x)", when="eq(rem_u(C, BITS), sub(BITS, 16))"),
    Template("shifts_extend32", "shr_s(shl(x, C), C)", "extend32_s(x)", when="eq(rem_u(C, BITS), 32)", types=_I64),
)
"""Conversions meet their inverses; work on i64 whose upper half nobody reads becomes work on i32."""

SELECT = (
    Template("select_same", "select(x, x, c)", "x"),
    Template("select_true", "select(x, y, C)", "x", when="i32.ne(C, 0)"),
    Template("select_false", "select(x, y, 0)", "y"),
    Template("select_eqz", "select(x, y, i32.eqz(c))", "select(y, x, c)"),
    Template("select_ne_zero", "select(x, y, i32.ne(c, 0))", "select(x, y, c)"),
    Template("select_eq", "select(x, y, eq(x, y))", "y"),
    Template("select_ne", "select(x, y, ne(x, y))", "x"),
    *(
        Template(
            f"select_{a}_ge_{s}",
            f"select(x, y, {a}.ge_{s}(v, w))",
            f"select(y, x, {a}.lt_{s}(v, w))",
            once=True,
        )
        for a in ("i32", "i64")
        for s in "su"
    ),
    Template("select_one_zero", "select(1, 0, c)", "i32.ne(c, 0)", types=_I32),
    Template("select_zero_one", "select(0, 1, c)", "i32.eqz(c)", types=_I32),
    Template("select_one_zero", "select(1, 0, c)", "i64.extend_i32_u(i32.ne(c, 0))", types=_I64),
    Template("select_zero_one", "select(0, 1, c)", "i64.extend_i32_u(i32.eqz(c))", types=_I64),
)

COMPARISONS = (*ORDER, *SELF, *EQUALITY, *INVERSION, *CONVERSIONS, *SELECT)
