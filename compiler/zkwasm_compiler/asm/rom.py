"""Reading ROM JSON: the files of the public assembler and of our own, of any machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from zkwasm_compiler.asm import advice
from zkwasm_compiler.asm.interface import interface_from_json
from zkwasm_compiler.asm.program import ConstantEntry, Program, RomRow
from zkwasm_compiler.errors import InputError, Problem
from zkwasm_compiler.isa import MACHINES
from zkwasm_compiler.isa.machine import Machine

INTEGER, DECIMAL, TEXT, ADVICE, COMMANDS = "an integer", "a decimal number as text", "text", "advice", "commands"
"""What a field may hold."""

_COMMON_FIELDS = {
    "freeInTag": ADVICE,
    "CONST": DECIMAL,
    "CONSTL": DECIMAL,
    "labelCONST": TEXT,
    "jmpAddrLabel": TEXT,
    "elseAddrLabel": TEXT,
    "offsetLabel": TEXT,
    "cmdBefore": COMMANDS,
    "cmdAfter": COMMANDS,
    "line": INTEGER,
    "fileName": TEXT,
    "lineStr": TEXT,
}
_ADDRESSES = frozenset({"jmpAddr", "elseAddr", "offset"})


@lru_cache
def field_types(machine: Machine) -> Mapping[str, str]:
    """What each field of an instruction holds, from the rows of the machine."""
    sources = [row.input_field for row in machine.registers if row.input_field is not None]
    sources += [row.input_field for row in machine.counters]
    sources += [name for name, _ in machine.dialect.free_fields]
    integers = (*machine.flags, *machine.value_fields)
    return {**dict.fromkeys(sources, DECIMAL), **dict.fromkeys(integers, INTEGER), **_COMMON_FIELDS}


def load_rom(text: str, file_name: str = "rom.json") -> Program:
    """The program of a ROM file, for the machine that has the fields of its rows. `Program.source` is empty.

    *Raises:* InputError when the text has not that shape.
    """
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        problem = Problem(f"not JSON: {error.msg}", file_name, error.lineno, error.colno)
        raise InputError(problem) from None
    except RecursionError:
        raise InputError(Problem("the JSON is nested too deeply", file_name)) from None
    machine = _machine_of(found)
    reader = _Reader(file_name, field_types(machine))
    rows, labels, constants = reader.top(found)
    if reader.problems:
        raise InputError(*reader.problems)
    interface = None if found.get("interface") is None else interface_from_json(found["interface"])
    return Program(rows, labels, constants, interface=interface, file_name=file_name, machine=machine.name)


def _machine_of(found: Any) -> Machine:
    """The machine that knows most fields of the rows; the first of several."""
    rows = found.get("program") if isinstance(found, dict) else None
    names = {name for row in rows if isinstance(row, dict) for name in row} if isinstance(rows, list) else set()
    return min(MACHINES.values(), key=lambda machine: len(names - field_types(machine).keys()))


class _Reader:
    """Checks the shape, collecting what is wrong."""

    def __init__(self, file_name: str, types: Mapping[str, str]) -> None:
        self._file_name = file_name
        self._types = types
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
            holds = self._types.get(name)
            if holds is None:
                self._wrong(f'instruction {index} has the unknown field "{name}"; is it a ROM of another machine?')
            elif expected := _expected(name, holds, value):
                self._wrong(f'instruction {index}: "{name}" must be {expected}; it is {_shown(value)}')


def _expected(name: str, holds: str, value: Any) -> str:
    """What the value of a field must be when it is something else, else `""`."""
    if holds == ADVICE:
        return _expected_advice([value])
    if holds == COMMANDS:
        return _expected_advice(value) if isinstance(value, list) else "a list of advice expressions"
    if holds == TEXT:
        good = isinstance(value, str) or (name == "labelCONST" and value is None)
    elif holds == INTEGER:
        good = type(value) is int or (name in _ADDRESSES and (value is False or value == "Infinity"))
    else:
        good = _is_integer_text(value)
    return "" if good else holds


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
