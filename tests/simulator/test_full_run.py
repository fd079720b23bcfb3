"""Complete runs: the trace to its last row, public values, closing."""

from __future__ import annotations

import pytest

from tests.simulator.programs import TEXT, callable_program
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator import ExecutionFault, PublicInputs, execute

WORDS = [0x0123456789ABCDEF, 3]


def test_public_values() -> None:
    inputs = PublicInputs.of_words(WORDS, function_index=3)
    execution = execute(callable_program(), inputs=inputs, full_run=True)
    public = execution.public
    assert public is not None
    assert public.n == execution.counters.n == 64
    assert public.inputs[:2] == ((0x89ABCDEF, 0x01234567), (3, 0))
    assert public.inputs[2:] == ((0, 0),) * 6
    quotient = WORDS[0] // WORDS[1]
    assert public.outputs == ((quotient & 0xFFFFFFFF, quotient >> 32),) + ((0, 0),) * 11
    assert public.status == 0
    assert execution.registers["SP"] == 3
    assert execution.zkpc == 0


def test_status_of_a_trap_and_of_a_bad_index() -> None:
    for index, words, status in ((3, [1, 0], 2), (6, [], 128), (2**31 - 1, [], 128)):
        inputs = PublicInputs.of_words(words, function_index=index)
        public = execute(callable_program(), inputs=inputs, full_run=True).public
        assert public is not None
        assert public.status == status


def test_the_trace_length_can_be_given() -> None:
    public = execute(callable_program(), full_run=True, trace_length=1024).public
    assert public is not None
    assert public.n == 1024


def test_the_trace_length_grows_for_the_rows_behind_finalize_execution() -> None:
    early = TEXT.replace("finalizeExecution", "last_rows").replace("finish:", "finish:\nfinalizeExecution:")
    inputs = PublicInputs.of_words([1, 2], function_index=1)
    lengths = []
    for padding in range(80, 100):
        program = assemble(early.replace("INITIALISE", f"{padding} => RCX\n  0 => A :REPEAT(RCX)\n  :RETURN"))
        execution = execute(program, inputs=inputs, full_run=True)
        assert execution.public is not None
        lengths.append((execution.steps, execution.public.n))
    # Three rows clear the registers before the thirteen last ones.
    assert lengths == [(steps, 128 if steps + 3 + 13 <= 128 else 256) for steps, _ in lengths]
    assert {n for _, n in lengths} == {128, 256}


@pytest.mark.parametrize(
    ("found", "replacement", "message"),
    [
        ("0 => A,B,C,D,E,RR,RCX,HASHPOS", "0 => A,B,C,E,RR,RCX,HASHPOS\n  5 => D", "D differ from row 0"),
        ("$ => PC :MLOAD(output[11]), JMP(start)", ":JMP(start)\n  :JMP(start)", "PC differ from row 0"),
        (", JMP(start)", ", JMP(dispatch)", "the next row is 14, not 0"),
        ("beforeLast(13)", "beforeLast(14)", "the next row is"),
    ],
)
def test_a_trace_that_does_not_close(found: str, replacement: str, message: str) -> None:
    text = TEXT.replace("INITIALISE", ":RETURN")
    assert found in text
    inputs = PublicInputs.of_words([1, 0], function_index=3)
    with pytest.raises(ExecutionFault, match=message) as caught:
        execute(assemble(text.replace(found, replacement)), inputs=inputs, full_run=True)
    assert caught.value.error_kind == "trace_not_closed"


def test_a_trace_that_is_too_short() -> None:
    with pytest.raises(ExecutionFault, match="no room for the outputs in 32 rows"):
        execute(callable_program(), full_run=True, trace_length=32)


@pytest.mark.parametrize("length", [16, 100])
def test_the_trace_length_is_a_power_of_two(length: int) -> None:
    with pytest.raises(ConfigurationError, match="power of two"):
        execute(callable_program(), full_run=True, trace_length=length)


def test_a_complete_run_that_never_finishes() -> None:
    program = assemble("start:\n  :JMP(start)\nfinalizeExecution:\n  :JMP(start)\n")
    with pytest.raises(ExecutionFault, match="not reached in 1000 steps"):
        execute(program, full_run=True, step_limit=1000)


def test_public_inputs_are_checked() -> None:
    with pytest.raises(ConfigurationError, match="old_state_root has 3 bytes"):
        PublicInputs(old_state_root=b"abc")
    with pytest.raises(ConfigurationError, match="9 public words"):
        PublicInputs.of_words([0] * 9)
    with pytest.raises(ConfigurationError, match="public word 1 is -1"):
        PublicInputs.of_words([0, -1])
