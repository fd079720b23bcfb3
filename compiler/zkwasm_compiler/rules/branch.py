"""Lowering rules for conditional branches: the last step jumps to ``then`` or ``else``.

JMPN tells [-2^32, -1] from [0, 2^32) and proves that op is in one of them: for two i32 it is exactly unsigned
comparison of the low limbs. JMPZ tests the low limb only.
"""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_compiler.rules.rule import Constants, RuleTable

TABLE = RuleTable()


def _branch(
    pattern: str,
    steps: str,
    suffix: str = "",
    guard: Callable[[Constants], int] | None = None,
    **constants: Callable[[Constants], int],
) -> None:
    """A rule for `br_if(pattern)`, named after the op of the condition."""
    name = f"br_if.{pattern.partition('(')[0].partition(':')[0]}{suffix}"
    TABLE.rule(name, f"br_if({pattern})", "", steps, guard=guard, **constants)


_branch("x:word", "x :JMPNZ(then, else)")
_branch("i32.eqz(x:word)", "x :JMPZ(then, else)")
_branch("i32.eq(x:word, y:word)", "x - y :JMPZ(then, else)")
_branch("i32.ne(x:word, y:word)", "x - y :JMPNZ(then, else)")
_branch("i32.eq(x:word, %c)", "x - %c :JMPZ(then, else)", ".constant")
_branch("i32.ne(x:word, %c)", "x - %c :JMPNZ(then, else)", ".constant")
for _name, _small, _large, _targets in (
    ("lt_u", "x", "y", "then, else"),
    ("ge_u", "x", "y", "else, then"),
    ("gt_u", "y", "x", "then, else"),
    ("le_u", "y", "x", "else, then"),
):
    _branch(f"i32.{_name}(x:word, y:word)", f"{_small} - {_large} :JMPN({_targets})")
    _branch(
        f"i32.{_name}(x:word, %c)",
        f"{_small} - {_large} :JMPN({_targets})".replace("y", "%c"),
        ".constant",
    )
    _branch(
        f"i32.{_name}(%c, y:word)",
        f"{_small} - {_large} :JMPN({_targets})".replace("x", "%c"),
        ".from_constant",
    )
    _branch(f"i64.{_name}(x:long, y:long)", f"$ :LT({_small}, {_large}), JMPC({_targets})")
_branch("i32.lt_u(zk.high(x:long), %c)", "rot(x) - %c :JMPN(then, else)", ".high")
for _name, _targets in (("lt_u", "then, else"), ("ge_u", "else, then")):
    _branch(
        f"i64.{_name}(x:long, %c)",
        f"rot(x) - %h :JMPN({_targets})",
        ".high_constant",
        guard=lambda c: c["c"] % (1 << 32) == 0,
        h=lambda c: c["c"] >> 32,
    )
for _name, _small, _large, _targets in (
    ("lt_s", "x", "y", "then, else"),
    ("ge_s", "x", "y", "else, then"),
    ("gt_s", "y", "x", "then, else"),
    ("le_s", "y", "x", "else, then"),
):
    _branch(f"i64.{_name}(x:long, y:long)", f"$ :SLT({_small}, {_large}), JMPC({_targets})")
_branch("i64.eq(x:long, y:long)", "$ :EQ(x, y), JMPC(then, else)")
_branch("i64.ne(x:long, y:long)", "$ :EQ(x, y), JMPC(else, then)")
_branch("i64.eqz(x:long)", "x + rot(x) :JMPZ(then, else)")
for _name, _targets in (("eq", "then, else"), ("ne", "else, then")):
    # x.lo - c + (2^32 - 1)·x.hi is in (-2^32, p), so it is 0 in the field only where x.hi is 0.
    _branch(
        f"i64.{_name}(x:long, %c)",
        f"x + rot(x)*4294967295 - %c :JMPZ({_targets})",
        ".short_constant",
        guard=lambda c: c["c"] < 0xFFFFFFFF,
    )
    # 2^-32·(x - c) with -2^-32 = 2^32 - 1. For 2^32 - 1 <= c < p no other x below 2^64 is c in the field.
    _branch(
        f"i64.{_name}(x:long, %c)",
        f"rot(x) - x*4294967295 - %h :JMPZ({_targets})",
        ".high_constant",
        guard=lambda c: c["c"] > 0 and c["c"] % (1 << 32) == 0,
        h=lambda c: c["c"] >> 32,
    )
