"""Rules that take work on i64 to i32, where the upper halves are known to be zero: division, order and equality."""

from __future__ import annotations

from zkwasm_compiler.ir.function import Type
from zkwasm_compiler.rewrite.rule import Template

_ONE = "i64.eq(i64.extend_i32_u(i32.wrap_i64(possible(x))), possible(x))"
_BOTH = f"i32.and_({_ONE}, {_ONE.replace('x)', 'y)')})"
_I64 = (Type.I64,)

NARROWING = (
    *(
        Template(
            f"narrow_{op}",
            f"i64.{op}(x, y)",
            f"i64.extend_i32_u(i32.{op}(i32.wrap_i64(x), i32.wrap_i64(y)))",
            when=_BOTH,
            types=_I64,
        )
        for op in ("div_u", "rem_u")
    ),
    *(
        Template(
            f"narrow_{op}", f"i64.{op}(x, y)", f"i32.{op}(i32.wrap_i64(x), i32.wrap_i64(y))", when=_BOTH, types=_I64
        )
        for op in ("lt_u", "ge_u", "eq", "ne")
    ),
    Template("narrow_eqz", "i64.eqz(x)", "i32.eqz(i32.wrap_i64(x))", when=_ONE, types=_I64),
    Template(
        "narrow_shr_u",
        "i64.shr_u(x, C)",
        "i64.extend_i32_u(i32.shr_u(i32.wrap_i64(x), i32.wrap_i64(C)))",
        when=f"i32.and_({_ONE}, i64.lt_u(C, 32))",
        types=_I64,
    ),
    Template(
        "narrow_shr_u_out",
        "i64.shr_u(x, C)",
        "0",
        when=f"i32.and_({_ONE}, i64.ge_u(i64.rem_u(C, 64), 32))",
        types=_I64,
    ),
)
"""# x, y < 2^32: x op y is the same on 32 bits"""
