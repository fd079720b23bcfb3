"""Constants: the value of constant expressions and the table of ``CONST`` and ``CONSTL``.

Arithmetic is on unbounded integers as JavaScript's BigInt does it, but a plain literal is first a double, as in the
public assembler: above 2^53 it may be rounded, which is reported as a warning.
"""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_compiler.asm.syntax import (
    Binary,
    Conditional,
    ConstantName,
    Default,
    Expression,
    Node,
    Number,
    Unary,
)

BIT_LIMIT = 1 << 20
"""The most bits of a value inside a constant expression."""


class ConstantError(Exception):
    """A constant expression without a value; `code` is the kind of problem, `node` what is wrong."""

    def __init__(self, code: str, message: str, node: Node) -> None:
        self.code = code
        self.node = node
        super().__init__(message)


def shown(value: int) -> str:
    """A number for a message; a long one is cut."""
    if value.bit_length() > 1024:
        return f"a number of {value.bit_length()} bits"
    return str(value)


def as_double(number: Number) -> int:
    """The value of a plain literal, rounded as a double. *Raises:* ConstantError beyond the largest double."""
    try:
        return int(float(number.value))
    except OverflowError:
        raise ConstantError("constant_range", "the number is beyond the largest double", number) from None


def evaluate(
    expression: Expression,
    constant: Callable[[ConstantName], int],
    is_defined: Callable[[str], bool],
    literal: Callable[[Number], int],
) -> int:
    """The value of `expression`. *Raises:* ConstantError, also through `constant` and `literal`."""
    # A chain of left-associative operators is as deep as it is long, so its left spine is walked in a loop.
    spine: list[Binary] = []
    while isinstance(expression, Binary):
        spine.append(expression)
        expression = expression.left

    def value_of(part: Expression) -> int:
        return evaluate(part, constant, is_defined, literal)

    match expression:
        case Number():
            value = literal(expression)
        case ConstantName():
            value = constant(expression)
        case Unary(operator, operand):
            value = -value_of(operand) if operator == "-" else int(not value_of(operand))
        case Conditional(condition, then, otherwise):
            value = value_of(then if value_of(condition) else otherwise)
        case Default(name, otherwise):
            value = constant(name) if is_defined(name.name) else value_of(otherwise)
    for node in reversed(spine):
        value = _binary(node, value, value_of(node.right))
        if value.bit_length() > BIT_LIMIT:
            raise ConstantError("const_arithmetic", f"a value of more than {BIT_LIMIT} bits", node)
    return value


def power(node: Node, base: int, exponent: int) -> int:
    """`base ** exponent`. *Raises:* ConstantError for a negative exponent or a result that is far too large."""
    if exponent < 0:
        raise ConstantError("const_arithmetic", f"the exponent {shown(exponent)} is negative", node)
    if abs(base) > 1 and exponent * base.bit_length() > BIT_LIMIT:
        raise ConstantError("const_arithmetic", f"a power of more than {BIT_LIMIT} bits", node)
    return int(base**exponent) if exponent < 2 or abs(base) > 1 else base * base ** (1 - exponent % 2)


def _binary(node: Binary, left: int, right: int) -> int:
    match node.operator:
        case "**":
            return power(node, left, right)
        case "/" | "%":
            if right == 0:
                raise ConstantError("const_arithmetic", f"`{node.operator}` by zero", node)
            quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
            return quotient if node.operator == "/" else left - quotient * right
        case "<<":
            return _shift(node, left, right)
        case ">>":
            return _shift(node, left, -right)
        case operator:
            return _SIMPLE[operator](left, right)


def _shift(node: Binary, value: int, count: int) -> int:
    """`value << count`; a negative count shifts right."""
    if count <= 0:
        return value >> min(-count, BIT_LIMIT)
    if value and count > BIT_LIMIT:
        raise ConstantError("const_arithmetic", f"a shift by {shown(count)}", node)
    return value << min(count, BIT_LIMIT)


_SIMPLE: dict[str, Callable[[int, int], int]] = {
    "||": lambda a, b: int(bool(a) or bool(b)),
    "&&": lambda a, b: int(bool(a) and bool(b)),
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "&": lambda a, b: a & b,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}
