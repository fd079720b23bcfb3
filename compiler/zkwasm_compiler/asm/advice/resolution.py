"""Replacing ``mem.x``, ``addr.x`` and ``const.X`` in advice by what they name."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from zkwasm_compiler.asm.advice.nodes import (
    Advice,
    Assignment,
    Binary,
    Call,
    Conditional,
    Data,
    MemoryValue,
    MemoryValueAt,
    NamedNumber,
    Number,
    Unary,
    children,
)
from zkwasm_compiler.asm.program import Variable
from zkwasm_compiler.isa import zkvm64
from zkwasm_compiler.isa.machine import Machine


class Symbols(Protocol):
    """Where the names of advice are looked up; the functions raise `LookupError`."""

    def variable(self, name: str) -> Variable:
        """The variable called `name`."""

    def constant_value(self, name: str) -> int:
        """The value of constant `name`."""


class UnresolvedError(Exception):
    """A name of advice that means nothing; `code` is the kind of problem."""

    def __init__(self, message: str, code: str, node: Data) -> None:
        self.code = code
        self.node = node
        super().__init__(message)


@lru_cache(maxsize=1 << 14)
def data_nodes(node: Advice) -> tuple[Data, ...]:
    """Every `Data` in `node` that `resolve` replaces, in the order of the text."""
    if isinstance(node, Data):
        return (node,)
    return tuple(found for child in children(node) for found in data_nodes(child))


def resolve(node: Advice, symbols: Symbols, machine: Machine = zkvm64.MACHINE) -> Advice:
    """`node` with every `Data` replaced, except inside an index, as in the public assembler.

    *Raises:* UnresolvedError.
    """
    match node:
        case Data():
            return _resolve_data(node, symbols, machine)
        case Assignment(target, value):
            return Assignment(target, resolve(value, symbols, machine))
        case Call(name, arguments):
            return Call(name, tuple(resolve(argument, symbols, machine) for argument in arguments))
        case Unary(operation, operand):
            return Unary(operation, resolve(operand, symbols, machine))
        case Binary(operation, left, right):
            return Binary(operation, resolve(left, symbols, machine), resolve(right, symbols, machine))
        case Conditional(condition, then, otherwise):
            return Conditional(*(resolve(part, symbols, machine) for part in (condition, then, otherwise)))
        case _:
            return node


def _resolve_data(node: Data, symbols: Symbols, machine: Machine) -> Advice:
    if node.module not in ("mem", "addr", "const"):
        message = f"{node.module}.{node.name}: no module `{node.module}`; `mem`, `addr` and `const` are allowed"
        raise UnresolvedError(message, "tag_module", node)
    try:
        if node.module == "const":
            value = symbols.constant_value(node.name)
            return NamedNumber("const", node.name, value, node.index, str(value))
        variable = symbols.variable(node.name)
    except LookupError:
        what, code = (
            ("constant", "constant_undefined") if node.module == "const" else ("variable", "tag_reference_undefined")
        )
        raise UnresolvedError(f"{node.module}.{node.name}: no {what} `{node.name}`", code, node) from None
    literal = node.index.value if isinstance(node.index, Number) else None
    if node.module == "addr":
        return _address_number(node, variable.offset, literal, machine)
    use_context = int(variable.scope == "CTX") if machine.dialect.advice_reads_use_context else None
    if node.index is None or literal is not None:
        return MemoryValue(node.name, variable.offset + (literal or 0), node.index, use_context)
    address = Binary("add", node.index, Number(variable.offset)) if variable.offset else node.index
    return MemoryValueAt(address, use_context)


def _address_number(node: Data, offset: int, literal: int | None, machine: Machine) -> NamedNumber:
    if machine.dialect.advice_address_is_text:
        digits = f"{offset}{literal or 0}" if node.index is not None else str(offset)
        return NamedNumber("addr", node.name, int(digits), node.index, digits)
    return NamedNumber("addr", node.name, offset + (literal or 0), node.index)
