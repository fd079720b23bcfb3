"""The ROM fields of operations, prepared from the machine's rows for fast merging into an instruction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from zkwasm_compiler.isa.machine import Machine, Slot


@dataclass(frozen=True, slots=True)
class Template:
    """One operation with one operand form: `fields` in emission order, 0 where `slots` fill in from the operand."""

    fields: dict[str, int]
    slots: tuple[tuple[str, Slot], ...]
    needs_sum: bool
    has_names: bool
    defines_free: bool


@lru_cache
def templates(machine: Machine) -> dict[tuple[str, str], Template]:
    """The templates of a machine by operation and shape."""
    return {
        (operation.name, form.shape): Template(
            {name: value if isinstance(value, int) else 0 for name, value in form.fields},
            slots := tuple((name, value) for name, value in form.fields if isinstance(value, Slot)),
            operation.needs_sum,
            any(slot not in (Slot.NUMBER, Slot.NEGATED_NUMBER) for _, slot in slots),
            operation.defines_free,
        )
        for operation in machine.operations
        for form in operation.forms
    }
