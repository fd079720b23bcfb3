"""Jumps of the main machine: the zkPC of the next row, and the range that JMPN decides by."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from zkwasm_simulator.constraints.columns import JMPN_BITS, Column
from zkwasm_simulator.constraints.instruction import Instruction
from zkwasm_simulator.constraints.main_view import MainView
from zkwasm_simulator.constraints.violations import Constraint, Findings
from zkwasm_simulator.faults import field_text
from zkwasm_simulator.field import PRIME

JMPN_LOW_BITS = 23
"""Width of lJmpnCondValue; the nine bits above it have a column each."""

_JUMPS = ("JMPN", "JMPC", "JMPZ", "JMP", "call", "return", "repeat")


def check_jumps(view: MainView, findings: Findings) -> None:
    """The next row has the zkPC that the step leads to; row 0 has zkPC 0."""
    zkpc = view.main["zkPC"]
    expected = array("Q", [(here + 1) % PRIME for here in zkpc])
    for instruction, steps in view.groups:
        if any(instruction[field] for field in _JUMPS):
            for step, value in zip(steps, _targets(view, instruction, steps), strict=True):
                expected[step] = value
    found = view.successors("zkPC")
    if expected != found:
        for step, (wanted, value) in enumerate(zip(expected, found, strict=True)):
            if wanted != value:
                message = f"the step goes to row {field_text(wanted)}, but the next one has zkPC {field_text(value)}"
                findings.add(Constraint.JUMP, "Main.zkPC", step, message, step=step)
    if zkpc[0]:
        message = f"row 0 has zkPC {zkpc[0]}, not 0: the run does not come back to where it begins"
        findings.add(Constraint.CYCLIC_WRAP, "Main.zkPC", 0, message, step=0)


def _targets(view: MainView, instruction: Instruction, steps: Sequence[int]) -> list[int]:
    """Where rows with this instruction lead to."""
    main = view.main
    zkpc, rr = main["zkPC"], main["RR"]
    rcx, rcx_inverse, op0_inverse = main["RCX"], main["RCXInv"], main["op0Inv"]
    negative, carry = main["isNeg"], main["carry"]
    jmpn, jmpc, jmpz = (instruction[name] for name in ("JMPN", "JMPC", "JMPZ"))
    always = instruction["JMP"] + instruction["call"] + instruction["return"]
    returns, uses_target, uses_else = (instruction[name] for name in ("return", "useJmpAddr", "useElseAddr"))
    target, other = instruction["jmpAddr"], instruction["elseAddr"]
    found = []
    for step, address in zip(steps, view.addresses(instruction, steps), strict=True):
        following = zkpc[step] + 1 - (rcx[step] * rcx_inverse[step] if instruction["repeat"] else 0)
        zero = 1 - view.op0[step] * op0_inverse[step]
        taken = jmpn * negative[step] + jmpc * carry[step] + jmpz * zero + always
        refused = jmpn * (1 - negative[step]) + jmpc * (1 - carry[step]) + jmpz * (1 - zero)
        goal = uses_target * (target - address) + returns * (rr[step] - address) + address
        otherwise = uses_else * (other - following) + following
        found.append((taken * (goal - following) + refused * (otherwise - following) + following) % PRIME)
    return found


def check_jmpn(view: MainView, findings: Findings) -> None:
    """The value of JMPN, plus 2^32 where isNeg is 1, is a number of 32 bits; other rows have 0 in its columns."""
    main = view.main
    low, negative = main["lJmpnCondValue"], main["isNeg"]
    jumps = view.steps_with("JMPN")
    used = {*jumps}
    for name in ("isNeg", *JMPN_BITS):
        used.update(_check_range(main[name], 1, name, findings))
    used.update(_check_range(low, (1 << JMPN_LOW_BITS) - 1, "lJmpnCondValue", findings))
    steps = sorted(used)
    numbers = [low[step] for step in steps]
    for place, name in enumerate(JMPN_BITS, JMPN_LOW_BITS):
        bits = main[name]
        numbers = [number + (bits[step] << place) for number, step in zip(numbers, steps, strict=True)]
    decided = {*jumps}
    for step, number in zip(steps, numbers, strict=True):
        wanted = view.op0[step] + (negative[step] << 32) if step in decided else 0
        if (number - wanted) % PRIME:
            message = _jmpn_message(view, step, number) if step in decided else "there is no JMPN to decide here"
            findings.add(Constraint.JUMP, "Main.lJmpnCondValue", step, message, step=step)


def _check_range(values: Column, most: int, name: str, findings: Findings) -> list[int]:
    """Every cell is at most `most`; gives the rows that are not 0."""
    if max(values) > most:
        for step, value in enumerate(values):
            if value > most:
                message = f"{name} is {field_text(value)}, but it is 0 to {most}"
                findings.add(Constraint.JUMP, f"Main.{name}", step, message, step=step)
    return [step for step, value in enumerate(values) if value]


def _jmpn_message(view: MainView, step: int, number: int) -> str:
    value = field_text(view.op0[step])
    added = " + 2^32" if view.main["isNeg"][step] else ""
    return f"JMPN decides by {value}; {value}{added} must be {number}, the number of 32 bits that the row shows"
