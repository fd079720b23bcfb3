"""Registers of the main machine: the value that each has in the next row; row 0 follows the last row."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from zkwasm_simulator.constraints.columns import SINGLE_COLUMNS, WIDE_COLUMNS
from zkwasm_simulator.constraints.instruction import Instruction
from zkwasm_simulator.constraints.main_view import MainView
from zkwasm_simulator.constraints.violations import Constraint, Findings
from zkwasm_simulator.faults import field_text
from zkwasm_simulator.field import PRIME


def check_registers(view: MainView, findings: Findings) -> None:
    """Every register has in the next row what the step leaves in it."""
    for name in (*WIDE_COLUMNS, *SINGLE_COLUMNS):
        values = view.main[name]
        expected = array("Q", values)
        for instruction, steps in view.groups:
            changed = _next_values(view, name, instruction, steps)
            if changed is not None:
                for step, value in zip(steps, changed, strict=True):
                    expected[step] = value
        found = view.successors(name)
        if expected == found:
            continue
        for step, (wanted, value) in enumerate(zip(expected, found, strict=True)):
            if wanted != value:
                _report(view, findings, name, step, wanted, value)


def _report(view: MainView, findings: Findings, name: str, step: int, wanted: int, value: int) -> None:
    last = view.rows - 1
    message = f"the step leaves {field_text(wanted)} in {name}, but the next row has {field_text(value)}"
    if step in (0, last):
        where = "row 0 follows the last row: what a run leaves in a register is what it began with"
        findings.add(Constraint.CYCLIC_WRAP, f"Main.{name}", step, f"{message}; {where}", step=step)
    else:
        findings.add(Constraint.REGISTER, f"Main.{name}", step, message, step=step)


def _next_values(view: MainView, name: str, instruction: Instruction, steps: Sequence[int]) -> list[int] | None:
    """What rows with this instruction leave in a register; None when they leave it as it is."""
    if name in _SPECIAL:
        return _SPECIAL[name](view, instruction, steps)
    if not instruction[f"set{name.rstrip('01')}"]:
        return None
    return _taken(view.op1 if name.endswith("1") else view.op0, steps)


def _taken(values: Sequence[int], steps: Sequence[int]) -> list[int]:
    return [values[step] for step in steps]


def _next_sp(view: MainView, instruction: Instruction, steps: Sequence[int]) -> list[int] | None:
    if instruction["setSP"]:
        return _taken(view.op0, steps)
    if not instruction["incStack"]:
        return None
    values = view.main["SP"]
    return [(values[step] + instruction["incStack"]) % PRIME for step in steps]


def _next_rr(view: MainView, instruction: Instruction, steps: Sequence[int]) -> list[int] | None:
    """CALL leaves the next row; with `=> RR` in the same step both are added to what it takes away."""
    zkpc, values = view.main["zkPC"], view.main["RR"]
    if instruction["call"] and instruction["setRR"]:
        return [(view.op0[step] + zkpc[step] + 1 - values[step]) % PRIME for step in steps]
    if instruction["call"]:
        return [(zkpc[step] + 1) % PRIME for step in steps]
    return _taken(view.op0, steps) if instruction["setRR"] else None


def _next_rcx(view: MainView, instruction: Instruction, steps: Sequence[int]) -> list[int] | None:
    """REPEAT counts down to 0; RCX·RCXInv is 1 unless RCX is 0."""
    if instruction["setRCX"]:
        return _taken(view.op0, steps)
    if not instruction["repeat"]:
        return None
    values, inverses = view.main["RCX"], view.main["RCXInv"]
    return [(values[step] - values[step] * inverses[step]) % PRIME for step in steps]


def _next_hashpos(view: MainView, instruction: Instruction, steps: Sequence[int]) -> list[int] | None:
    """HASHK adds the size of its piece, HASHK1 adds 1, on top of what the step puts there."""
    if not any(instruction[field] for field in ("setHASHPOS", "hashK", "hashK1")):
        return None
    base = _taken(view.op0 if instruction["setHASHPOS"] else view.main["HASHPOS"], steps)
    sizes = _taken(view.main["D0"], steps) if instruction["hashK"] else [0] * len(steps)
    return [(value + size + instruction["hashK1"]) % PRIME for value, size in zip(base, sizes, strict=True)]


_Next = Callable[[MainView, Instruction, Sequence[int]], list[int] | None]

_SPECIAL: dict[str, _Next] = {"SP": _next_sp, "RR": _next_rr, "RCX": _next_rcx, "HASHPOS": _next_hashpos}
