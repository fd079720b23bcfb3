"""Instances: values, state between calls, traps, and what a call costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.simulator.programs import TEXT, callable_program
from zkwasm_compiler.asm import assemble, load_rom
from zkwasm_compiler.errors import ConfigurationError, ExecutionError
from zkwasm_compiler.ir.function import Trap
from zkwasm_simulator import Instance, InstantiationError, PublicInputs, execute


@pytest.fixture
def instance() -> Instance:
    return Instance(callable_program())


def test_integers_are_taken_signed_or_unsigned_and_given_signed(instance: Instance) -> None:
    assert instance.call("add", 2, 3).values == (5,)
    assert instance.call("add", -5, 3).value == -2
    assert instance.call("add", 0xFFFFFFFB, 3).value == -2
    assert instance.call("add", 0x7FFFFFFF, 1).raw == (0x80000000,)
    assert instance.call("quotient", -2, 1).value == -2


def test_the_high_limb_of_a_32_bit_result_does_not_count(instance: Instance) -> None:
    result = instance.call_raw("add", [0xFFFFFFFF, 2])
    assert result.raw == (1,)
    assert result.execution.memory[8] == (1, 1)


def test_floats_and_several_results(instance: Instance) -> None:
    assert instance.call("same", 0.5, -2.25).value == [0.5, -2.25]
    assert instance.call("same", 1e300, 1).values == (math.inf, 1.0)
    assert instance.call("same", -(10**400), -(10**400)).values == (-math.inf, -math.inf)
    assert instance.call_raw("same", [0x7FA00001, 0xFFF0000000000001]).raw == (0x7FA00001, 0xFFF0000000000001)
    nans = instance.call_raw("same", [0x7FA00001, 0xFFF0000000000001]).values
    assert instance.call("same", *nans).raw == (0x7FA00001, 0xFFF0000000000001)
    assert math.copysign(1, instance.call("same", -0.0, 0.0).values[0]) == -1


def test_state_is_kept_between_calls(instance: Instance) -> None:
    assert instance.globals["total"] == 100
    assert instance.call("bump", 7).value == [100, 7]
    assert instance.call("bump", -8).value == [107, -8]
    assert instance.globals[0] == 99
    instance.globals["total"] = -1
    assert instance.call("bump", 0).value == [-1, 0]
    assert dict(instance.globals) == {0: -1}


def test_a_global_that_is_set_before_the_first_call_is_seen(instance: Instance) -> None:
    instance.globals["total"] = 2**64 - 1
    assert instance.call("bump", 1).value == [-1, 1]


def test_cost_is_that_of_a_run_from_row_0(instance: Instance) -> None:
    first = instance.call("quotient", 42, 5)
    again = instance.call("quotient", 42, 5)
    assert first.values == again.values == (8,)
    assert first.execution is not again.execution
    assert first.steps == again.steps == 30
    assert first.counters == again.counters
    assert dict(first.counters) == {"arith": 1, "binary": 0, "mem_align": 0, "keccak": 0, "memory": 16}
    assert first.counters.rows["main"] == 30 + 13
    assert (first.rows, first.n) == (first.counters.rows["rom"], 64) == (59, 64)


def test_traps_are_results(instance: Instance) -> None:
    result = instance.call("quotient", 1, 0)
    assert (result.trap, result.status, result.values, result.value) == (Trap.INTEGER_DIVIDE_BY_ZERO, 2, (), None)
    assert result.steps > 0
    assert instance.call("quotient", 9, 2).trap is None


def test_unknown_status_is_an_error(instance: Instance) -> None:
    with pytest.raises(ExecutionError, match="status 77"):
        instance.call("odd")


def test_calls_begin_with_the_registers_that_initialisation_leaves() -> None:
    text = TEXT.replace("INITIALISE", "40 => GAS :RETURN").replace(
        "$ :ADD, MSTORE(output[0]), RETURN", "GAS + A => A\n  $ :ADD, MSTORE(output[0]), RETURN"
    )
    keeps_gas = Instance(replace(assemble(text), interface=callable_program().interface))
    assert [keeps_gas.call("add", 1, 1).value for _ in range(3)] == [42, 42, 42]


def test_a_trap_during_instantiation_is_an_error() -> None:
    with pytest.raises(InstantiationError, match="instantiating the module trapped: unreachable") as caught:
        Instance(callable_program("1 => PC :JMP(finish)"))
    assert caught.value.trap is Trap.UNREACHABLE


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda i: i.call("sub", 1, 2), r"exports no function 'sub'; it exports add\(i32, i32\) -> i32"),
        (lambda i: i.call("add", 1), r"add\(i32, i32\) -> i32 takes 2 arguments, 1 given"),
        (lambda i: i.call("add", 1, 2**32), "argument 2 of add is 4294967296; i32 takes"),
        (lambda i: i.call("add", -(2**31) - 1, 2), "argument 1 of add"),
        (lambda i: i.call("add", 1.0, 2), "argument 1 of add is 1.0; i32 takes an int"),
        (lambda i: i.call("same", "x", 2), "argument 1 of same is 'x'; f32 takes a number"),
        (lambda i: i.call_raw("add", [-1, 2]), "argument 1 of add is -1; a pattern of i32"),
        (lambda i: i.globals["nothing"], r"keeps no global 'nothing'; it keeps 0 \(total\)"),
        (lambda i: i.globals.__setitem__(0, 2**64), "the global 0 is"),
        (lambda i: i.globals.__delitem__(0), "cannot be removed"),
        (lambda i: i.memory, "no linear memory"),
    ],
)
def test_wrong_use(instance: Instance, use: Callable[[Instance], object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        use(instance)


def test_immutable_globals_are_read_only() -> None:
    program = callable_program()
    assert program.interface is not None
    cells = tuple(replace(cell, mutable=False) for cell in program.interface.globals)
    frozen = Instance(replace(program, interface=replace(program.interface, globals=cells)))
    assert frozen.globals["total"] == 100
    with pytest.raises(ConfigurationError, match="immutable"):
        frozen.globals["total"] = 1


def test_a_program_without_interface_cannot_be_called() -> None:
    with pytest.raises(ConfigurationError, match=r"calls\.zkasm has no interface"):
        Instance(replace(callable_program(), interface=None))


def test_a_missing_dispatch_label_is_named() -> None:
    program = callable_program()
    labels = {name: row for name, row in program.labels.items() if name != "dispatch"}
    with pytest.raises(ConfigurationError, match="no label 'dispatch'"):
        Instance(replace(program, labels=labels))


def test_a_program_read_from_rom_json_behaves_alike() -> None:
    program = callable_program()
    rom = replace(load_rom(program.rom_json()), interface=program.interface)
    assert Instance(rom).call("bump", 5).raw == Instance(program).call("bump", 5).raw


def test_calls_agree_with_complete_runs(instance: Instance) -> None:
    result = instance.call("bump", 2**63 + 5)
    inputs = PublicInputs.of_words([2**63 + 5], function_index=2)
    public = execute(callable_program(), inputs=inputs, full_run=True).public
    assert public is not None
    assert tuple(low | high << 32 for low, high in public.outputs[:2]) == result.raw
    assert public.n == result.n
