"""The interface of a compiled program as JSON, and the comment line that carries it in zkASM text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TypeVar, cast

from zkwasm_compiler.asm.program import CELL_BYTES, Export, GlobalCell, Interface, MemoryCells, Stream, TableArray
from zkwasm_compiler.asm.syntax import Comment
from zkwasm_compiler.errors import InputError

Row = TypeVar("Row", Interface, Export, GlobalCell, MemoryCells, TableArray, Stream)

_PLAIN_TYPES = {
    "int": (int,),
    "str": (str,),
    "bool": (bool,),
    "str | None": (str, type(None)),
    "int | None": (int, type(None)),
}

DIRECTIVE = ";@ interface "


def interface_to_json(interface: Interface) -> dict[str, Any]:
    """The JSON object of an interface; field names are those of the dataclasses."""
    return cast(dict[str, Any], _plain(interface.to_json()))


def _plain(value: Any) -> Any:
    """`value` with lists for tuples, as JSON reads back."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def interface_from_json(found: Any) -> Interface:
    """The interface of a JSON object. *Raises:* InputError when it has not the shape of one."""
    try:
        lists = {
            "exports": tuple(map(_export, found.get("exports", ()))),
            "globals": tuple(map(_cell, found.get("globals", ()))),
            "memory": _memory(found["memory"]) if found.get("memory") else None,
            "tables": tuple(map(_table, found.get("tables", ()))),
            "streams": tuple(_checked(Stream(**row)) for row in found.get("streams", ())),
            "call_cells": tuple((int(cell), int(number)) for cell, number in found.get("call_cells", ())),
            "notes": tuple((int(number), str(text)) for number, text in found.get("notes", ())),
            "functions": tuple((str(label), str(name)) for label, name in found.get("functions", ())),
        }
        return _checked(Interface(**{**found, **lists}))
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        raise InputError(f"not the interface of a program: {error}") from None


def _export(row: dict[str, Any]) -> Export:
    types = {name: tuple(row[name]) for name in ("parameters", "results")}
    if not all(isinstance(value_type, str) for names in types.values() for value_type in names):
        raise TypeError("the parameters and results of an export must be names of types")
    return _checked(Export(**{**row, **types}))


def _memory(row: dict[str, Any]) -> MemoryCells:
    exports, imported = tuple(map(str, row.get("exports", ()))), row.get("imported")
    names = None if imported is None else (str(imported[0]), str(imported[1]))
    content = tuple((int(address), bytes.fromhex(digits).hex()) for address, digits in row.get("content", ()))
    memory = _checked(MemoryCells(**{**row, "exports": exports, "imported": names, "content": content}))
    if memory.cell_bytes not in CELL_BYTES:
        raise ValueError(f"`cell_bytes` must be one of {', '.join(map(str, CELL_BYTES))}; it is {memory.cell_bytes}")
    return memory


def _table(row: dict[str, Any]) -> TableArray:
    content = tuple((int(index), int(number)) for index, number in row.get("content", ()))
    return _checked(TableArray(**{**row, "exports": tuple(map(str, row.get("exports", ()))), "content": content}))


def _cell(row: dict[str, Any]) -> GlobalCell:
    return _checked(GlobalCell(**row))


def _checked(row: Row) -> Row:
    """`row`, if its plain fields have the types they are declared with."""
    for column in fields(row):
        expected = _PLAIN_TYPES.get(str(column.type))
        value = getattr(row, column.name)
        if expected is not None and type(value) not in expected:
            raise TypeError(f"`{column.name}` must be of type {column.type}; it is {value!r}")
    return row


def directive(interface: Interface) -> str:
    """The comment line of an interface."""
    return DIRECTIVE + json.dumps(interface_to_json(interface), separators=(", ", ": "))


def interface_of(comments: Iterable[Comment]) -> tuple[Interface | None, Comment | None, str]:
    """The interface that a comment gives, that comment, and what is wrong with it (`""` when nothing is)."""
    for comment in comments:
        if comment.text.startswith(DIRECTIVE):
            try:
                return interface_from_json(json.loads(comment.text[len(DIRECTIVE) :])), comment, ""
            except (InputError, json.JSONDecodeError, RecursionError) as error:
                return None, comment, str(error)
    return None, None, ""
