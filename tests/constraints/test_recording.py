"""Traces: how long they are, what is in them, and what cannot be recorded."""

from __future__ import annotations

import pytest

from tests.constraints.programs import EVERYTHING, program, trace_of
from tests.simulator.programs import callable_program
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator import ExecutionFault, PublicInputs, execute
from zkwasm_simulator.audit import Tamper
from zkwasm_simulator.constraints import (
    MACHINES,
    Constraint,
    ForgedRecorder,
    Recorder,
    Statement,
    check,
    record,
    record_forged,
)

WORDS = [0x0123456789ABCDEF, 3]


def test_a_trace_publishes_what_a_complete_run_does() -> None:
    made = callable_program()
    inputs = PublicInputs.of_words(WORDS, function_index=3)
    public = execute(made, inputs=inputs, full_run=True).public
    assert public is not None
    trace = record(made, inputs=inputs)
    assert trace.rows == public.n == 64
    assert Statement.of_trace(trace) == Statement.of(inputs, public)
    assert not check(trace, made, Statement.of(inputs, public))
    violations = check(trace, made, Statement.of(inputs))
    assert {one.constraint for one in violations} == {Constraint.PUBLIC}


def test_a_trap_publishes_its_status() -> None:
    made = callable_program()
    inputs = PublicInputs.of_words([1, 0], function_index=3)
    trace = record(made, inputs=inputs)
    assert Statement.of_trace(trace).status == 2
    assert not check(trace, made)


def test_the_columns_are_those_of_the_machines() -> None:
    _, trace = trace_of(*EVERYTHING)
    assert {table.machine: list(table.columns) for table in trace.tables} == {
        machine: list(columns) for machine, columns in MACHINES.items()
    }
    assert (trace.cell("Main.zkPC", 2), trace.cell("Main.CONST0", 2), trace.cell("Main.A0", 3)) == (
        2,
        0x89ABCDEF,
        0x89ABCDEF,
    )
    assert len(trace.arith) == 8
    assert trace.main["cntArith"][0] == 1


def test_the_length_can_be_given() -> None:
    made = program("5n => A")
    assert [record(made, rows=rows).rows for rows in (None, 32, 256)] == [32, 32, 256]


def test_the_length_grows_with_the_other_machines() -> None:
    """Nine binary operations take 36 rows; from cell 0 to the stack there are 65536 cells, N at a time."""
    assert trace_of("1n => A,B", *["$ => C :AND"] * 9)[1].rows == 64
    made, trace = trace_of("1n :MSTORE(x)", "2n :MSTORE(SP)")
    assert trace.rows == 512
    assert not check(trace, made)
    assert Constraint.MEMORY_ORDERING in {one.constraint for one in check(record(made, rows=128), made)}
    assert Constraint.ROWS in {one.constraint for one in check(record(made, rows=256), made)}


def test_the_length_grows_for_the_rows_behind_the_end() -> None:
    for padding in range(5, 30):
        made = program(*["0n => A"] * padding)
        trace = record(made)
        assert trace.rows == (32 if padding + 2 + 1 + 2 <= 32 else 64)
        assert not check(trace, made)


def test_a_cell_that_no_trace_reaches() -> None:
    """A field quotient as an index: the trace stays as long as it is, and the order of cells is violated."""
    made = program("${2} => E", "1n :MSTORE(x)", "1n :MSTORE(y[E])")
    trace = record_forged(made, [Tamper(2, (1 << 63, 0))])
    assert trace.rows == 32
    assert [one.constraint for one in check(trace, made)] == [Constraint.MEMORY_ORDERING]


def test_a_recorder_records_many_runs() -> None:
    recorder = Recorder(callable_program())
    for words in ([7, 3], [8, 3], [7, 3]):
        inputs = PublicInputs.of_words(words, function_index=1)
        statement = Statement.of_trace(recorder.record(inputs))
        assert statement.outputs[0] == (sum(words), 0)


def test_a_lie_can_be_told_once() -> None:
    made = program("2 => RCX", "again:", "${7} => D", "RCX - 1 => RCX :JMPNZ(again)")
    recorder = ForgedRecorder(made, [Tamper(3, (9, 0), occurrence=1)])
    for _ in range(2):
        trace = recorder.record()
        assert [trace.main["FREE0"][step] for step in (3, 5)] == [7, 9]


def test_what_the_executor_refuses_is_located() -> None:
    made = program("5n => A", "${6} :ASSERT")
    with pytest.raises(ExecutionFault, match=r"sample.zkasm:8: assert: .* \(step 3, zkPC 3\)"):
        record(made)
    trace = record_forged(made)
    assert [one.constraint for one in check(trace, made)] == [Constraint.ASSERT]


def test_what_nobody_can_record() -> None:
    made = program("${5} => E", ":JMP(@start + E)")
    with pytest.raises(ExecutionFault, match="pc_out_of_program"):
        record_forged(made, [Tamper(2, (1 << 20, 0))])
    with pytest.raises(ExecutionFault, match="not reached in 100 steps"):
        record(program("here:", ":JMP(here)"), step_limit=100)
    with pytest.raises(ConfigurationError, match="have 48 rows; their number must be a power of two"):
        record(made, rows=48)
    with pytest.raises(ConfigurationError, match=r"no end: a row with .* give the number of rows"):
        record(assemble("start:\n  :JMP(start)\n"))
    with pytest.raises(ConfigurationError, match="no rows; there is nothing to record"):
        record(assemble(""), rows=32)
    with pytest.raises(ConfigurationError, match="zkPC is 99; the program has rows 0 to"):
        record_forged(made, registers={"zkPC": 99})
