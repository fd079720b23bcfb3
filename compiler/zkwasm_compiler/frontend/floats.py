"""Floating-point numbers in SSA: integers of their bits. What only moves or changes bits is integer arithmetic.

`integer_name` gives the op that an instruction is, `change_sign` makes those that change the sign bit.
"""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_compiler.ir.function import Type, Value

Emit = Callable[[str, Type, list[Value], int | None], Value]
"""Adds a value of an op, a type, arguments and an immediate to the function."""

_INTEGERS = {"f32": Type.I32, "f64": Type.I64}
_SAME_BITS = frozenset(("const", "load", "store"))
REINTERPRETATIONS = frozenset(
    ("i32.reinterpret_f32", "f32.reinterpret_i32", "i64.reinterpret_f64", "f64.reinterpret_i64")
)
"""Instructions that change nothing."""
SIGN_CHANGES = frozenset(f"{type_}.{name}" for type_ in _INTEGERS for name in ("abs", "neg", "copysign"))
"""Instructions that change the sign bit alone, of NaNs too."""


def integer_name(name: str) -> str:
    """The instruction's name, for one that moves a float that of the integer instruction that moves its bits."""
    type_, _, operation = name.partition(".")
    return f"{_INTEGERS[type_].value}.{operation}" if type_ in _INTEGERS and operation in _SAME_BITS else name


def change_sign(emit: Emit, name: str, args: list[Value]) -> Value:
    """The value of one of `SIGN_CHANGES`."""
    type_, _, operation = name.partition(".")
    integer = _INTEGERS[type_]
    sign = 1 << integer.bits - 1

    def apply(op: str, x: Value, bits: int) -> Value:
        constant = emit(f"{integer.value}.const", integer, [], bits)
        return emit(f"{integer.value}.{op}", integer, [x, constant], None)

    match operation:
        case "abs":
            return apply("and", args[0], sign - 1)
        case "neg":
            return apply("xor", args[0], sign)
    magnitude, signs = apply("and", args[0], sign - 1), apply("and", args[1], sign)
    return emit(f"{integer.value}.or", integer, [magnitude, signs], None)
