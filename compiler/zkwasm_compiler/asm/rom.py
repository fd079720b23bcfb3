"""Reading ROM JSON: the files of the public assembler and of our own."""

from __future__ import annotations

import json
from typing import Any, cast, get_type_hints

from zkwasm_compiler.asm import advice
from zkwasm_compiler.asm.interface import interface_from_json
from zkwasm_compiler.asm.program import ConstantEntry, Program, RomRow
from zkwasm_compiler.errors import InputError, Problem

_TYPES: dict[str, object] = {**get_type_hints(RomRow), "assert": int, "return": int}
"""The type of each field, as `RomRow` has it; two names are Python keywords."""

_TEXT = frozenset({"labelCONST", "fileName", "lineStr", "jmpAddrLabel", "elseAddrLabel", "offsetLabel"})
_ADDRESSES = frozenset({"jmpAddr", "elseAddr", "offset"})


def load_rom(text: str, file_name: str = "rom.json") -> Program:
    """The program of a ROM file. `Program.source` is empty. *Raises:* InputError when the text has not that shape."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        problem = Problem(f"not JSON: {error.msg}", file_name, error.lineno, error.colno)
        raise InputError(problem) from None
    except RecursionError:
        raise InputError(Problem("the JSON is nested too deeply", file_name)) from None
    reader = _Reader(file_name)
    rows, labels, constants = reader.top(found)
    if reader.problems:
        raise InputError(*reader.problems)
    interface = None if found.get("interface") is None else interface_from_json(found["interface"])
    return Program(rows, labels, constants, interface=interface, file_name=file_name)


class _Reader:
    """Checks the shape, collecting what is wrong."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self.problems: list[Problem] = []

    def _wrong(self, message: str) -> None:
        self.problems.append(Problem(message, self._file_name))

    def top(self, found: Any) -> tuple[tuple[RomRow, ...], dict[str, int], dict[str, ConstantEntry]]:
        if not isinstance(found, dict) or not isinstance(found.get("program"), list):
            self._wrong('a ROM is a JSON object with a list "program"; this is ' + _shown(found))
            return (), {}, {}
        labels, constants = found.get("labels", {}), found.get("constants", {})
        if not isinstance(labels, dict) or not all(type(address) is int for address in labels.values()):
            self._wrong(f'"labels" must be an object from names to addresses; it is {_shown(labels)}')
            labels = {}
        if not isinstance(constants, dict) or not all(isinstance(entry, dict) for entry in constants.values()):
            self._wrong(f'"constants" must be an object of objects; it is {_shown(constants)}')
            constants = {}
        for index, row in enumerate(found["program"]):
            self._row(index, row)
        return tuple(cast(list[RomRow], found["program"])), labels, cast(dict[str, ConstantEntry], constants)

    def _row(self, index: int, row: Any) -> None:
        if not isinstance(row, dict):
            self._wrong(f"instruction {index} is no JSON object but {_shown(row)}")
            return
        for name, value in row.items():
            if name not in _TYPES:
                self._wrong(f'instruction {index} has the unknown field "{name}"; is it a ROM of another machine?')
            elif expected := _expected(name, value):
                self._wrong(f'instruction {index}: "{name}" must be {expected}; it is {_shown(value)}')


def _expected(name: str, value: Any) -> str:
    """What the value of a field must be when it is something else, else `""`."""
    if name == "freeInTag":
        return _expected_advice([value])
    if name in ("cmdBefore", "cmdAfter"):
        return _expected_advice(value) if isinstance(value, list) else "a list of advice expressions"
    if name in _TEXT:
        good, expected = isinstance(value, str) or (name == "labelCONST" and value is None), "text"
    elif _TYPES[name] is int:
        good = type(value) is int or (name in _ADDRESSES and (value is False or value == "Infinity"))
        expected = "an integer"
    else:
        good, expected = _is_integer_text(value), "a decimal number as text"
    return "" if good else expected


def _expected_advice(nodes: list[Any]) -> str:
    for node in nodes:
        try:
            if node is not None:
                advice.from_json(node)
        except InputError as error:
            return f"advice ({error})"
    return ""


def _is_integer_text(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > 2000:
        return False
    digits = value.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:80] + "…"
