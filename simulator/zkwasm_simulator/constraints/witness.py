"""Fills the columns of a trace from what the main machine did, as a prover does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.constraints.arith import arith_table
from zkwasm_simulator.constraints.binary import binary_table, outcome
from zkwasm_simulator.constraints.columns import (
    COUNTER_COLUMNS,
    JMPN_BITS,
    MACHINES,
    MAIN,
    SINGLE_COLUMNS,
    WIDE_COLUMNS,
    Column,
    Table,
    Trace,
    column,
    table,
    zeros,
)
from zkwasm_simulator.constraints.instruction import Instruction, Rom, acted_on
from zkwasm_simulator.constraints.jumps import JMPN_LOW_BITS
from zkwasm_simulator.constraints.keccak import hash_tables
from zkwasm_simulator.constraints.main_view import MainView
from zkwasm_simulator.constraints.mem_align import mem_align_table
from zkwasm_simulator.constraints.memory import memory_table
from zkwasm_simulator.field import LIMB_MASK, PRIME, Limbs

_STATE_COLUMNS = (*WIDE_COLUMNS, *SINGLE_COLUMNS, *COUNTER_COLUMNS)

State = tuple[int, ...]
"""Registers and counters before a step, in the order of the columns; one-limb registers are signed."""


class Steps:
    """What was noted of a run from the step `first` on: zkPC and state before each step, free inputs by step."""

    def __init__(self, first: int = 0) -> None:
        self.first = first
        self.zkpc = column(())
        self.states: list[State] = []
        self.columns: dict[str, Column] = {name: column(()) for name in _STATE_COLUMNS}
        self.free_inputs: dict[int, Limbs] = {}

    def settle(self) -> None:
        """Move the states that were noted last into columns, where they take less room."""
        for (name, values), noted in zip(self.columns.items(), zip(*self.states, strict=True), strict=False):
            values.extend(noted if name in WIDE_COLUMNS else [value % PRIME for value in noted])
        self.states.clear()


def witness(program: Program, steps: Steps, zkpc: int, state: State) -> Trace:
    """The trace of a run that leads to this zkPC and state behind its last row."""
    instructions = Instructions(program)
    view = main_part(instructions, steps, state)
    main = view.main
    trace = Trace(instructions.made, main, *_empty())
    hash_pieces, hashes = hash_tables(view)
    trace = replace(
        trace,
        memory=memory_table(view),
        binary=binary_table(view),
        arith=arith_table(view),
        mem_align=mem_align_table(view),
        hash_pieces=hash_pieces,
        hashes=hashes,
    )
    for name, value in first_row(zkpc, state).items():
        main[name][0] = value
    return trace


class Instructions:
    """The instructions that a run has come to, numbered as they are first executed."""

    def __init__(self, program: Program) -> None:
        self.made: list[Instruction] = []
        self.zkpc: list[int] = []
        self._rom = Rom(program)
        self._numbers: dict[int, int] = {}

    def number(self, zkpc: int) -> int:
        number = self._numbers.get(zkpc)
        if number is None:
            number = self._numbers[zkpc] = len(self.made)
            self.made.append(acted_on(self._rom[zkpc]))
            self.zkpc.append(zkpc)
        return number


def main_part(instructions: Instructions, steps: Steps, state: State) -> MainView:
    """The main machine for the steps that were noted, complete; `state` is what they lead to."""
    main = _main(instructions, steps)
    view = MainView(Trace(instructions.made, main, *_empty()), steps.first)
    _copy(_inverses(view.op0), main["op0Inv"])
    _copy(_inverses(main["RCX"]), main["RCXInv"])
    _fill_carries(view)
    _fill_jmpn(view)
    _fill_permutations(view, state)
    return view


def first_row(zkpc: int, state: State) -> dict[str, int]:
    """What the columns have in row 0, which follows the last one."""
    cells = {name: value % PRIME for name, value in zip(_STATE_COLUMNS, state, strict=True)}
    return cells | {"zkPC": zkpc, "RCXInv": _inverses([cells["RCX"]])[0]}


def _empty() -> list[Table]:
    return [table(machine, ()) for machine in MACHINES if machine != "Main"]


def _main(instructions: Instructions, steps: Steps) -> Table:
    """The main machine with what was noted; the rest is 0."""
    columns: dict[str, Column] = {name: zeros(len(steps.zkpc)) for name in MAIN} | steps.columns
    columns["zkPC"] = steps.zkpc
    columns["instruction"] = column(map(instructions.number, steps.zkpc))
    low, high = columns["FREE0"], columns["FREE1"]
    for step, free in steps.free_inputs.items():
        low[step - steps.first], high[step - steps.first] = free
    return Table("Main", columns)


def _copy(values: Iterable[int], target: Column) -> None:
    for place, value in enumerate(values):
        target[place] = value


def _inverses(values: Sequence[int]) -> Column:
    """The inverse of each value, 0 of 0: one inversion and three products a value."""
    before = []
    product = 1
    for value in values:
        before.append(product)
        if value:
            product = product * value % PRIME
    inverse = pow(product, -1, PRIME)
    found = zeros(len(values))
    for place in range(len(values) - 1, -1, -1):
        value = values[place]
        if value:
            found[place] = inverse * before[place] % PRIME
            inverse = inverse * value % PRIME
    return found


def _fill_carries(view: MainView) -> None:
    """The carry that the operation has; of limbs that are too large the low bits count."""
    carry, opcode = view.main["carry"], view.field("binOpcode")
    steps = view.steps_with("bin")
    for step, (a0, a1, b0, b1) in zip(steps, view.tuples(steps, ("A0", "A1", "B0", "B1")), strict=True):
        a, b = ((low & LIMB_MASK) | (high & LIMB_MASK) << 32 for low, high in ((a0, a1), (b0, b1)))
        carry[step] = outcome(opcode(step), a, b)[1]


def _fill_jmpn(view: MainView) -> None:
    """The sign and the bits of what JMPN decides by."""
    negative, low = view.main["isNeg"], view.main["lJmpnCondValue"]
    bits = [view.main[name] for name in JMPN_BITS]
    for step in view.steps_with("JMPN"):
        value = view.op0[step]
        negative[step] = int(value > LIMB_MASK)
        number = (value + (negative[step] << 32)) % PRIME
        low[step] = number & (1 << JMPN_LOW_BITS) - 1
        for place, values in enumerate(bits, JMPN_LOW_BITS):
            values[step] = number >> place & 1


def _fill_permutations(view: MainView, state: State) -> None:
    """incCounter is by how much the keccak counter grows."""
    counts = [*view.main["cntKeccakF"], state[-1]]
    for step in view.steps_with("hashKDigest"):
        view.main["incCounter"][step] = counts[step + 1] - counts[step]
