"""What a run leaves behind, in a form that two engines can be compared by."""

from __future__ import annotations

from typing import Any

from zkwasm_compiler.asm.program import Program
from zkwasm_simulator import Execution, ExecutionFault, PublicInputs, execute
from zkwasm_simulator.interpreter import Engine


def outcome(program: Program, engine: Engine, **options: Any) -> tuple[object, ...]:
    """Everything that a run gives: result, counters, registers, cells, streams and log; or the fault with its place."""
    try:
        return everything(execute(program, engine=engine, **options))
    except ExecutionFault as fault:
        return fault.error_kind, fault.step, fault.zkpc, str(fault)


def everything(execution: Execution) -> tuple[object, ...]:
    return (
        execution.steps,
        execution.counters,
        execution.registers,
        dict(execution.memory),
        execution.zkpc,
        execution.hash_streams,
        execution.log,
        execution.public,
    )


def assert_same(program: Program, **options: Any) -> tuple[object, ...]:
    """Both engines do the same; gives what that is."""
    reference = outcome(program, "reference", **options)
    assert outcome(program, "jit", **options) == reference, program.source
    return reference


def call_both(
    program: Program, name: str, words: tuple[int, ...], private_input: bytes = b"", **options: Any
) -> tuple[object, ...]:
    """A provable run of one call by both engines."""
    assert program.interface is not None
    export = program.interface.export(name)
    assert export is not None
    inputs = PublicInputs.of_words(words, function_index=export.index).with_data(private_input, b"")
    check = program.interface.skip_address_check
    return assert_same(program, inputs=inputs, skip_address_check=check, **options)
