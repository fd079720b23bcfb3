"""The printer of advice: parsing the text gives the node back."""

from __future__ import annotations

from typing import assert_never

from zkwasm_compiler.asm.advice.nodes import (
    SYMBOLS,
    UNARY_SYMBOLS,
    Advice,
    Assignment,
    Binary,
    Call,
    Conditional,
    Data,
    Declaration,
    Empty,
    MemoryValue,
    MemoryValueAt,
    NamedNumber,
    Number,
    Register,
    Unary,
    VariableName,
)

_ASSIGNMENT, _SUM, _PRODUCT, _UNARY, _ATOM = range(5)


def show(node: Advice, level: int = _ASSIGNMENT) -> str:
    """The text of `node`, parenthesised where only operators of `level` or tighter may stand."""
    match node:
        case Empty():
            return ""
        case Number(value):
            return str(value) if value >= 0 else _closed(str(value), _UNARY, level)
        case Register(name) | VariableName(name):
            return name
        case Declaration(name):
            return f"var {name}"
        case Assignment(target, value):
            return _closed(f"{show(target)} = {show(value)}", _ASSIGNMENT, level)
        case Call(name, arguments):
            return f"{name}({', '.join(show(argument) for argument in arguments)})"
        case Unary(operation, operand):
            return _closed(UNARY_SYMBOLS[operation] + show(operand, _UNARY), _UNARY, level)
        case Binary(operation, left, right):
            own = _SUM if operation in ("add", "sub") else _PRODUCT
            return _closed(f"{show(left, own)} {SYMBOLS[operation]} {show(right, own + 1)}", own, level)
        case Conditional(condition, then, otherwise):
            branches = f"{show(then, _UNARY)} : {show(otherwise, _UNARY)}"
            return _closed(f"{show(condition, _PRODUCT)} ? {branches}", _PRODUCT, level)
        case Data(module, name, index) | NamedNumber(module, name, _, index):
            return f"{module}.{name}{_shown_index(index)}"
        case MemoryValue(name, _, index):
            return f"mem.{name}{_shown_index(index)}"
        case MemoryValueAt(address):
            return f"getMemValueByAddress({show(address)})"
        case _:
            assert_never(node)


def _shown_index(index: Advice | None) -> str:
    return "" if index is None else f"[{show(index)}]"


def _closed(text: str, own: int, level: int) -> str:
    return f"({text})" if own < level else text
