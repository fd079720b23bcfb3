"""Floating-point instructions in SSA, where a float is the integer of its bits.

What only moves or changes bits is integer arithmetic; of the rest, what others are made of are the `float.` ops.
"""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_compiler.ir.function import Type, Value
from zkwasm_compiler.ir.ops import OPS

Emit = Callable[[str, Type, list[Value], int | None], Value]
"""Adds a value of an op, a type, arguments and an immediate to the function."""

_INTEGERS = {"f32": Type.I32, "f64": Type.I64}
_SAME_BITS = frozenset(("const", "load", "store"))
REINTERPRETATIONS = frozenset(
    ("i32.reinterpret_f32", "f32.reinterpret_i32", "i64.reinterpret_f64", "f64.reinterpret_i64")
)
"""Instructions that change nothing."""
_MADE = {"abs": 1, "neg": 1, "copysign": 2, "sub": 2, "ne": 2, "gt": 2, "ge": 2}
COMPOSED = {f"{type_}.{name}": count for type_ in _INTEGERS for name, count in _MADE.items()}
"""Instructions that become more than one op, or one with other operands, and how many operands they have."""


def op_name(name: str) -> str:
    """The op that an instruction is, whether there is one or not."""
    type_, _, operation = name.partition(".")
    if type_ not in _INTEGERS:
        return name
    if operation in _SAME_BITS:
        return f"{_INTEGERS[type_].value}.{operation}"
    float_name = f"float.{operation}_{type_}"
    return float_name if float_name in OPS else name


def compose(emit: Emit, name: str, args: list[Value]) -> Value:
    """The value of one of `COMPOSED`."""
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
        case "sub":  # -y of a NaN is one, too
            return emit(f"float.add_{type_}", integer, [args[0], apply("xor", args[1], sign)], None)
        case "ne":
            return emit("i32.eqz", Type.I32, [emit(f"float.eq_{type_}", Type.I32, args, None)], None)
        case "gt" | "ge":
            return emit(f"float.l{operation[1]}_{type_}", Type.I32, args[::-1], None)
    magnitude, signs = apply("and", args[0], sign - 1), apply("and", args[1], sign)
    return emit(f"{integer.value}.or", integer, [magnitude, signs], None)
