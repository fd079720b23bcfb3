"""The lying prover and the constraint checker, two readings of the constraints, agree about every lie.

A lie that the one calls violated is refused by the other, and a lie that survives there has a trace without a
violation here.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.constraints.programs import program
from tests.soundness.emitted import access_calls, access_program, control_program, op_program
from zkwasm_compiler.asm.program import Program
from zkwasm_simulator import ExecutionFault, PublicInputs, Trace, check, record, record_forged
from zkwasm_simulator.audit import Tamper, Verdict, forge
from zkwasm_simulator.audit.lies import lies
from zkwasm_simulator.decode import decode_row
from zkwasm_simulator.trace import INPUT_STEPS

UNSOUND = (
    *["5n => A"] * len(INPUT_STEPS),
    *("${A + 1} => B :MSTORE(x)", "${B / 2} => C", "B - C :JMPN(end)", "C :MSTORE(y)", "end:"),
)
"""Many lies about these free inputs survive; those that are no small numbers do not pass the JMPN."""


def _compiled(program: Program, name: str, args: tuple[int, ...]) -> tuple[Program, PublicInputs]:
    assert program.interface is not None
    export = program.interface.export(name)
    assert export is not None
    return program, PublicInputs.of_words(args, function_index=export.index)


def _access(op: str, layout: str, number: int, *, growing: bool = False) -> tuple[Program, PublicInputs]:
    """An access, and one of its calls."""
    return _compiled(access_program(op, growing, layout), *access_calls(op, growing)[number])


PROGRAMS: dict[str, Callable[[], tuple[Program, PublicInputs]]] = {
    "unsound": lambda: (program(*UNSOUND), PublicInputs()),
    "i32.div_s": lambda: _compiled(op_program("i32.div_s"), "f", (0xFFFFFFF3, 5)),
    "i32.shr_s": lambda: _compiled(op_program("i32.shr_s"), "f", (0x80000000, 33)),
    "i64.rotl": lambda: _compiled(op_program("i64.rotl"), "f", (1 << 63, 65)),
    "i64.load": lambda: _access("i64.load", "words", 1, growing=True),
    "i32.store16": lambda: _access("i32.store16", "words", 2),
    "i64.store, bytes": lambda: _access("i64.store", "bytes", 2),
    "i32.store16, bytes": lambda: _access("i32.store16", "bytes", 2, growing=True),
    "table": lambda: _compiled(control_program(2), "table", (3,)),
}


def _lies(made: Program, inputs: PublicInputs, count: int) -> Iterator[Tamper]:
    """Lies at free inputs that the honest run comes by, bare `$` included."""
    trace = record(made, inputs=inputs)
    rows = [decode_row(row, number) for number, row in enumerate(made.rows)]
    seen: Counter[int] = Counter()
    told = []
    for step, zkpc in enumerate(trace.main["zkPC"]):
        if rows[zkpc].free:
            if step not in INPUT_STEPS and "beforeLast" not in rows[zkpc].text:
                honest = trace.main["FREE0"][step], trace.main["FREE1"][step]
                told += [Tamper(zkpc, value, seen[zkpc]) for value in lies(honest)]
            seen[zkpc] += 1
    yield from random.Random(5).sample(told, min(count, len(told)))


def _recorded(made: Program, tamper: Tamper, inputs: PublicInputs) -> Trace | None:
    """The trace of a lie; None when the run leaves the program or does not come to its end."""
    try:
        return record_forged(made, [tamper], inputs=inputs, step_limit=20_000)
    except ExecutionFault as fault:
        if fault.error_kind not in ("steps_exhausted", "pc_out_of_program"):
            raise
        return None


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_say_the_same(name: str) -> None:
    made, inputs = PROGRAMS[name]()
    verdicts: Counter[Verdict] = Counter()
    for tamper in _lies(made, inputs, 20):
        run = forge(made, [tamper], inputs=inputs)
        trace = _recorded(made, tamper, inputs)
        if trace is None:
            assert run.verdict in (Verdict.VIOLATED, Verdict.UNFINISHED)
            continue
        found = check(trace, made)
        assert bool(found) == (run.verdict is Verdict.VIOLATED), (tamper, run.verdict, run.fault, found[:1])
        verdicts[run.verdict] += 1
    assert verdicts[Verdict.VIOLATED] > 2
    assert (verdicts[Verdict.DIFFERENT] > 2) == (name == "unsound")
