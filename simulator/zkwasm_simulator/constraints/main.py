"""The main machine: ROM, assertions, tests for zero, and counters. Registers and jumps have modules of their own."""

from __future__ import annotations

from array import array

from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.constraints.columns import Trace
from zkwasm_simulator.constraints.instruction import Instruction, Rom
from zkwasm_simulator.constraints.main_view import MainView
from zkwasm_simulator.constraints.violations import Constraint, Findings
from zkwasm_simulator.faults import field_text, limbs_text
from zkwasm_simulator.field import PRIME

COUNTERS = {
    "cntArith": ("arith",),
    "cntBinary": ("bin",),
    "cntMemAlign": ("memAlignRD", "memAlignWR", "memAlignWR8"),
    "cntKeccakF": ("hashKDigest",),
}
"""The flags that count, by counter; cntKeccakF grows by incCounter and not by 1."""


def check_rom(trace: Trace, program: Program, findings: Findings) -> None:
    """Each row holds the instruction that the program has at its zkPC."""
    rom = Rom(program)
    instructions = trace.instructions
    verdicts: dict[tuple[int, int], bool] = {}
    for step, key in enumerate(zip(trace.main["zkPC"], trace.main["instruction"], strict=True)):
        fits = verdicts.get(key)
        if fits is None:
            zkpc, number = key
            fits = verdicts[key] = zkpc < len(rom) and instructions[number] == rom[zkpc]
        if not fits:
            zkpc, number = key
            _report(step, zkpc, instructions[number], rom, findings)


def _report(step: int, zkpc: int, instruction: Instruction, rom: Rom, findings: Findings) -> None:
    elsewhere = rom.row_of(instruction)
    if elsewhere is not None:
        column = "zkPC"
        message = f"the row has zkPC {zkpc}, but its instruction is that of row {elsewhere} of the program"
    elif zkpc >= len(rom):
        column = "zkPC"
        message = f"the row has zkPC {zkpc}, but the program has rows 0 to {len(rom) - 1}"
    else:
        wanted = rom[zkpc]
        names = instruction.differences(wanted)
        column = names[0]
        changed = (f"{name} is {field_text(instruction[name])} and not {field_text(wanted[name])}" for name in names)
        message = f"the row does not hold instruction {zkpc} of the program: {', '.join(changed)}"
    findings.add(Constraint.ROM, f"Main.{column}", step, message, step=step, follows=elsewhere is not None)


def check_assertions(view: MainView, findings: Findings) -> None:
    """ASSERT: the value is A."""
    a0, a1 = view.main["A0"], view.main["A1"]
    for step in view.steps_with("assert"):
        value = view.op0[step], view.op1[step]
        if value != (a0[step], a1[step]):
            limb = 0 if value[0] != a0[step] else 1
            message = f"the step's value is {limbs_text(*value)}, but A is {limbs_text(a0[step], a1[step])}"
            findings.add(Constraint.ASSERT, f"Main.A{limb}", step, message, step=step)


def check_zero_tests(view: MainView, findings: Findings) -> None:
    """op0Inv and RCXInv are inverses where the value and RCX are not 0, in every row."""
    tests = (("op0Inv", view.op0, "the low limb of the step's value"), ("RCXInv", view.main["RCX"], "RCX"))
    for name, values, what in tests:
        inverses = view.main[name]
        for step, (value, inverse) in enumerate(zip(values, inverses, strict=True)):
            if value and value * inverse % PRIME != 1:
                message = f"{what} is {field_text(value)}, of which {name} = {inverse} is not the inverse"
                findings.add(Constraint.ZERO_TEST, f"Main.{name}", step, message, step=step)


def check_counters(view: MainView, findings: Findings) -> None:
    """Counters begin at 0 behind row 0, and grow by their operations."""
    increments = view.main["incCounter"]
    for name, flags in COUNTERS.items():
        counts = view.main[name]
        expected = array("Q", counts)
        expected[0] = 0
        for step in view.steps_with(*flags):
            expected[step] = (expected[step] + (increments[step] if name == "cntKeccakF" else 1)) % PRIME
        found = view.successors(name)
        if expected == found:
            continue
        for step, (wanted, value) in enumerate(zip(expected, found, strict=True)):
            if wanted != value:
                message = f"{name} goes from {counts[step]} to {value}, but the step makes it {wanted}"
                findings.add(Constraint.COUNTER, f"Main.{name}", step, message, step=step)
