"""The dataflow of the static audit: what comes together, and how often it asks."""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.asm import assemble
from zkwasm_simulator.audit.statement import audited
from zkwasm_simulator.audit.static.dataflow import run
from zkwasm_simulator.audit.static.structure import structure
from zkwasm_simulator.audit.static.symbols import Location
from zkwasm_simulator.decode import DecodedRow

CALLS, RETURNS, DEPTH = 12, 9, 3

Rows = frozenset[int]


@dataclass(slots=True)
class _Visited:
    """The rows on some way to a row. `asked` counts what the dataflow does."""

    asked: int = 0

    def entry(self) -> Rows:
        return frozenset()

    def after(self, row: DecodedRow, state: Rows) -> Rows:
        self.asked += 1
        return state | {row.index}

    def on_edge(self, row: DecodedRow, target: int, state: Rows) -> Rows:
        return state

    def into_call(self, entry: int, state: Rows) -> Rows:
        return state

    def join(self, row: int, known: Rows, more: Rows) -> Rows:
        return known | more

    def after_call(self, caller: Rows, returned: Rows, writes: frozenset[Location]) -> Rows:
        self.asked += 1
        return caller | returned


def _source() -> str:
    """Functions that call the next one many times and return at many places; each has a loop."""
    lines = ["start:", *["  :CALL(f0)"] * CALLS, "end:", "  :JMP(start)"]
    for depth in range(DEPTH):
        lines += [f"f{depth}:", f"  ${{1}} => A :JMPN(f{depth})"]
        for number in range(RETURNS):
            lines += [f"  :CALL(f{depth + 1})"] if depth + 1 < DEPTH else []
            lines += [f"  ${{1}} :JMPN(next{depth}_{number})", "  :RETURN", f"next{depth}_{number}:"]
        lines += ["  :RETURN"]
    return "\n".join(lines)


def test_a_function_is_not_followed_again_for_each_call() -> None:
    program = audited(assemble(_source()), "end")
    domain = _Visited()
    before = run(structure(program), domain)
    assert set(before) == before[program.end] | {program.end}
    assert before[program.end] | {program.end} == set(range(len(program.rows)))
    calls = CALLS + RETURNS * (DEPTH - 1)
    assert domain.asked < 15 * (len(program.rows) + calls * (RETURNS + 1))
