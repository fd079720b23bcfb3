"""The text of the SSA: `format_function` and `format_module`. `ir.parser` reads it back.

One line a value: ``v3 = i32.add v1, v2``, the immediate first (``v4 = i32.const -1``, ``call #2 v1``), the type after
the name where the op leaves it open (``v5: i64 = result #0 v4``), edges with their arguments (``br_if v3 b1(v1) b2``).
"""

from __future__ import annotations

import json
import re

from zkwasm_compiler.ir.function import Block, Function, Global, Module, Table, Target, Trap, Type, Value
from zkwasm_compiler.ir.integers import signed
from zkwasm_compiler.ir.ops import OPS

_PLAIN_NAME = re.compile(r"[A-Za-z_$.][A-Za-z0-9_$.\-]*")
INDENT = "  "


def format_module(module: Module) -> str:
    """The whole module: globals, signatures, tables, references, exports, start, functions by index."""
    lines = [_format_global(global_) for global_ in module.globals]
    lines += [f"signature ({_types(row.parameters)}) -> ({_types(row.results)})" for row in module.signatures]
    lines += [_format_table(table) for table in module.tables]
    lines += [f"reference #{index}" for index in module.references]
    lines += [f"export {format_name(name)} #{index}" for name, index in module.exports.items()]
    if module.start is not None:
        lines.append(f"start #{module.start}")
    head = ["\n".join(lines) + "\n"] if lines else []
    return "\n".join(head + [format_function(module.functions[index]) for index in sorted(module.functions)])


def format_function(function: Function) -> str:
    """One function; ends with a line feed."""
    head = f"function {format_name(function.name)}#{function.index}"
    lines = [f"{head}({_types(function.parameters)}) -> ({_types(function.results)}) {{"]
    for block in function.blocks:
        lines.append(format_block_head(block))
        lines += [INDENT + format_value(value) for value in block.values()]
    return "\n".join([*lines, "}", ""])


def format_block_head(block: Block) -> str:
    """``b1(v2: i32):``"""
    parameters = ", ".join(f"{parameter}: {parameter.type.value}" for parameter in block.parameters)
    return f"{block}({parameters}):" if parameters else f"{block}:"


def format_value(value: Value) -> str:
    """One value or terminator without indentation."""
    row = OPS[value.op]
    text = value.op
    if value.immediate is not None:
        text += f" {_format_immediate(value)}"
    if value.args:
        text += f" {', '.join(map(repr, value.args))}"
    for target in value.targets:
        text += f" {format_target(target)}"
    if value.type is Type.NONE:
        return text
    # the type of a select is that of its arguments
    shown = f": {value.type.value}" if row.result is None and value.op != "select" else ""
    return f"{value}{shown} = {text}"


def format_target(target: Target) -> str:
    """``b1(v2, v3)``"""
    return f"{target.block}({', '.join(map(repr, target.args))})" if target.args else repr(target.block)


def format_name(name: str) -> str:
    """A name as it is where it is plain, otherwise quoted as JSON quotes."""
    return name if _PLAIN_NAME.fullmatch(name) else json.dumps(name)


def format_constant(type_: Type, bits: int) -> str:
    """Integers in signed decimal, references in decimal, floats as their bits."""
    if type_ in (Type.I32, Type.I64):
        return str(signed(bits, type_.bits))
    if type_.is_reference:
        return str(bits)
    return f"{bits:#0{type_.bits // 4 + 2}x}"


def _format_immediate(value: Value) -> str:
    if isinstance(value.immediate, Trap):
        return value.immediate.name.lower()
    assert value.immediate is not None
    if isinstance(value.immediate, tuple):
        return " ".join(f"#{number}" for number in value.immediate)
    if value.op.endswith(".const"):
        return format_constant(value.type, value.immediate)
    return f"#{value.immediate}"


def _format_table(table: Table) -> str:
    """``table #0: funcref 2 10 = 1: 3`` has a function at index 1, and a maximum."""
    text = f"table #{table.index}: {table.type.value} {table.minimum}"
    if table.maximum is not None:
        text += f" {table.maximum}"
    entries = ", ".join(f"{index}: {number}" for index, number in sorted(table.entries.items()))
    return f"{text} = {entries}" if entries else text


def _format_global(global_: Global) -> str:
    mutable = "mut " if global_.mutable else ""
    initial = format_constant(global_.type, global_.initial)
    text = f"global #{global_.index}: {mutable}{global_.type.value} = {initial}"
    if global_.name:
        text += f" name {format_name(global_.name)}"
    if global_.export is not None:
        text += f" export {format_name(global_.export)}"
    return text


def _types(types: tuple[Type, ...]) -> str:
    return ", ".join(type_.value for type_ in types)
