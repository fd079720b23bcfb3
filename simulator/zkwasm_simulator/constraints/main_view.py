"""The main machine as its constraints read it: values that follow from the committed columns.

Rows with the same instruction are evaluated together, column by column. `op0` and `op1` are the limbs of the value of
each step, as the sum of what its instruction takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zkwasm_simulator.constraints.columns import Column, Trace, zeros
from zkwasm_simulator.constraints.instruction import Instruction
from zkwasm_simulator.decode import CONTEXT_STRIDE, MEMORY_BASE, STACK_BASE
from zkwasm_simulator.field import PRIME

_LOW = {
    "inA": "A0", "inB": "B0", "inC": "C0", "inROTL_C": "C1", "inD": "D0", "inE": "E0", "inFREE": "FREE0",
    "inCTX": "CTX", "inSP": "SP", "inPC": "PC", "inGAS": "GAS", "inHASHPOS": "HASHPOS", "inRR": "RR", "inRCX": "RCX",
    "inCntArith": "cntArith", "inCntBinary": "cntBinary", "inCntKeccakF": "cntKeccakF",
    "inCntMemAlign": "cntMemAlign",
}  # fmt: skip
"""The column that a coefficient multiplies in the low limb; `inSTEP` multiplies the number of the row."""

_HIGH = {
    "inA": "A1", "inB": "B1", "inC": "C1", "inROTL_C": "C0", "inD": "D1", "inE": "E1", "inFREE": "FREE1",
}  # fmt: skip

STEPS = "STEP"


class MainView:
    """The main machine of a trace, with the values that are computed and not committed.

    With `first` the table is a part of one, which begins at that row; rows are counted from there on.
    """

    def __init__(self, trace: Trace, first: int = 0) -> None:
        self.main = trace.main
        self.rows = trace.rows
        self._numbers = range(first, first + self.rows)
        self.groups = _groups(trace)
        self.op0, self.op1 = self._values("CONST0", _LOW), self._values("CONST1", _HIGH)

    def successors(self, name: str) -> Column:
        """The column of each row's next row; row 0 follows the last one."""
        values = self.main[name]
        return values[1:] + values[:1]

    def steps_with(self, *fields: str) -> list[int]:
        """The rows in whose instruction one of these fields is not 0, in order."""
        return sorted(
            step for instruction, steps in self.groups if any(instruction[field] for field in fields) for step in steps
        )

    def field(self, name: str) -> Callable[[int], int]:
        """A field of the instruction, by row."""
        values = {step: instruction[name] for instruction, steps in self.groups if instruction[name] for step in steps}
        return lambda step: values.get(step, 0)

    def tuples(self, steps: Sequence[int], names: Sequence[str]) -> list[tuple[int, ...]]:
        """The cells of these rows; `op0`, `op1` and `STEP`, the number in the whole trace, are names, too."""
        columns = [self._named(name) for name in names]
        return [tuple(values[step] for values in columns) for step in steps]

    def _named(self, name: str) -> Sequence[int]:
        if name == STEPS:
            return self._numbers
        return {"op0": self.op0, "op1": self.op1}[name] if name in ("op0", "op1") else self.main[name]

    def addresses(self, instruction: Instruction, steps: Sequence[int]) -> list[int]:
        """The address of these rows, which hold `instruction`: a cell, the target of a jump, or a hash stream."""
        fixed = instruction["offset"] + instruction["isStack"] * STACK_BASE + instruction["isMem"] * MEMORY_BASE
        terms = [
            (instruction["ind"], self.main["E0"]),
            (instruction["indRR"], self.main["RR"]),
            (instruction["isStack"], self.main["SP"]),
            (instruction["useCTX"] * CONTEXT_STRIDE, self.main["CTX"]),
        ]
        return _sums(fixed, [(coefficient, values) for coefficient, values in terms if coefficient], steps)

    def addresses_of(self, *fields: str) -> dict[int, int]:
        """The address by row, of all rows in whose instruction one of these fields is not 0."""
        return {
            step: address
            for instruction, steps in self.groups
            if any(instruction[field] for field in fields)
            for step, address in zip(steps, self.addresses(instruction, steps), strict=True)
        }

    def _values(self, constant: str, sources: dict[str, str]) -> Column:
        values = zeros(self.rows)
        for instruction, steps in self.groups:
            terms: list[tuple[int, Sequence[int]]] = [
                (instruction[field], self.main[name]) for field, name in sources.items() if instruction[field]
            ]
            if sources is _LOW and instruction["inSTEP"]:
                terms.append((instruction["inSTEP"], self._numbers))
            for step, value in zip(steps, _sums(instruction[constant], terms, steps), strict=True):
                values[step] = value
        return values


def _groups(trace: Trace) -> list[tuple[Instruction, list[int]]]:
    """The rows of each instruction, in order."""
    steps: list[list[int]] = [[] for _ in trace.instructions]
    for step, number in enumerate(trace.main["instruction"]):
        steps[number].append(step)
    return [(instruction, rows) for instruction, rows in zip(trace.instructions, steps, strict=True) if rows]


def _sums(constant: int, terms: Sequence[tuple[int, Sequence[int]]], steps: Sequence[int]) -> list[int]:
    """constant + Σ coefficient·column in the field, of these rows."""
    if not terms:
        return [constant % PRIME] * len(steps)
    if len(terms) == 1 and terms[0][0] == 1 and constant == 0:
        values = terms[0][1]
        return [values[step] for step in steps]
    totals = [constant] * len(steps)
    for coefficient, values in terms:
        totals = [total + coefficient * values[step] for total, step in zip(totals, steps, strict=True)]
    return [total % PRIME for total in totals]
