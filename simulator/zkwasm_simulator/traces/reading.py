"""Traces from disk, as `writing` wrote them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from zkwasm_compiler.errors import ConfigurationError, InputError, Problem
from zkwasm_simulator.constraints.columns import MACHINES, Table, Trace
from zkwasm_simulator.constraints.instruction import FIELDS, Instruction
from zkwasm_simulator.field import PRIME
from zkwasm_simulator.traces.column_files import read_column
from zkwasm_simulator.traces.writing import DESCRIPTION, FORMAT


def read_trace(folder: Path) -> Trace:
    """The trace in a folder. *Raises:* InputError when it is none, or not all of one."""
    path = folder / DESCRIPTION
    try:
        description: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if description["format"] != FORMAT:
            raise ValueError
        instructions = [_instruction(entry["fields"]) for entry in description["instructions"]]
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", file=str(path))) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(Problem(f"is no description of a trace of the format {FORMAT}", file=str(path))) from None
    tables = [
        Table(machine, {name: read_column(folder / f"{machine}.{name}.npy") for name in columns})
        for machine, columns in MACHINES.items()
    ]
    for table in tables:
        _require_elements(table)
    return Trace(instructions, *tables)


def _instruction(fields: dict[str, int]) -> Instruction:
    if not fields.keys() <= {*FIELDS} or not all(isinstance(v, int) and 0 <= v < PRIME for v in fields.values()):
        raise ValueError
    return Instruction(tuple(fields.get(field, 0) for field in FIELDS))


def _require_elements(table: Table) -> None:
    for name, values in table.columns.items():
        if len(values) and max(values) >= PRIME:
            raise ConfigurationError(f"{table.machine}.{name} has a number that is no field element: {max(values)}")
