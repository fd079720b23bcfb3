"""What the interpreter refuses, how it says so, and the hooks of later tools."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.simulator.programs import program
from zkwasm_compiler.asm import AssembleOptions, assemble, load_rom
from zkwasm_compiler.errors import ConfigurationError, ExecutionError, InputError
from zkwasm_simulator import Entry, ExecutionFault, Machine, PreparedProgram, execute


def fault(*rows: str) -> ExecutionFault:
    with pytest.raises(ExecutionFault) as caught:
        execute(program(*rows, variables=("x",)))
    return caught.value


def test_a_message_has_place_kind_values_and_source() -> None:
    found = fault("4n => A", "5 :ASSERT")
    assert str(found) == ("test.zkasm:4: assert: the step's value is 0x5, but A is 0x4 in `5 :ASSERT` (step 1, zkPC 1)")
    assert (found.error_kind, found.step, found.zkpc, found.file, found.line) == ("assert", 1, 1, "test.zkasm", 4)
    assert isinstance(found, ExecutionError)


@pytest.mark.parametrize(
    ("rows", "kind", "message"),
    [
        (("-1 => A", "-2 :ASSERT"), "assert", "(= -2)"),
        (("6n => A", "7n => B", "41n :ARITH"), "arith", "A*B + C = 0x6 * 0x7 + 0x0 = 0x2a"),
        (("6n => A", "7n => B", "1 :LT"), "", ""),
        (("7n => A", "6n => B", "1 :LT"), "binary", "LT of A = 0x7 and B = 0x6 is 0x0, but the step's value is 0x1"),
        (("1 :MLOAD(x)",), "memory_read_uninitialised", "cell 0x0 was never written"),
        (("2 :MSTORE(x)", "1 :MLOAD(x)"), "memory_read", "cell 0x0 holds 0x2, but the step reads 0x1"),
        (("0x80000000 => SP",), "not_32bit", "SP would be 2147483648"),
        (("0 - 1 => E", "1 :MSTORE(SYS:E)"), "address_negative", "is -1"),
        (("0x10000 => E", "1 :MSTORE(SYS:E)"), "address_too_big", "below 0x10000"),
        (("0xFFFFFFFF + 1 :JMPN(start)",), "jmpn_range", "4294967296"),
        (("8 => C", "$ => A :MEM_ALIGN_RD"), "mem_align_offset", "C is 8"),
        (("1 => C", "1n :MEM_ALIGN_WR"), "mem_align", "E = 0x100000000000000"),
        (("$ => A",), "free_input_empty", "none of its operations"),
        (("$ => A :ADD, MLOAD(x)",), "free_input_ambiguous", "MLOAD or ADD"),
        (("1000 => RR", ":RETURN"), "pc_out_of_program", "next instruction would be 1000"),
        (("0 - 4 => HASHPOS", "1 :HASHK1(0)"), "hash_bounds", "HASHPOS is -4"),
        (("3 => HASHPOS", "1 :HASHK1(0)", "4 :HASHKLEN(0)"), "hash_hole", "byte 0 of stream 0"),
        (("1 :HASHK1(2)",), "hash_end", "stream 0 was never used, but stream 2 was"),
    ],
)
def test_kinds(rows: tuple[str, ...], kind: str, message: str) -> None:
    if not kind:
        execute(program(*rows))
        return
    found = fault(*rows)
    assert found.error_kind == kind
    assert message in str(found)
    assert f"test.zkasm:{len(rows) + 2}: {kind}" in str(found)


def test_steps_exhausted_says_where_it_was() -> None:
    with pytest.raises(ExecutionFault, match=r"test\.zkasm:2: steps_exhausted: .* in 100 steps") as caught:
        execute(program(":JMP(start)"), step_limit=100)
    assert (caught.value.step, caught.value.zkpc) == (100, 0)


def test_undefined_labels_fail_when_they_are_reached() -> None:
    options = AssembleOptions(allow_undefined_labels=True)
    text = "start:\n  A :JMPNZ(nowhere)\n  1 => A :JMP(nowhere)\nfinalizeExecution:\n  A\n"
    with pytest.raises(ExecutionFault, match="jumps to the label 'nowhere'") as caught:
        execute(assemble(text, options=options))
    assert caught.value.step == 1


def test_returns_use_the_address_before_the_step() -> None:
    rows = ("zkPC + 2 => RR", "9 => RR :RETURN", "RR => A")
    assert execute(program(*rows)).registers["A"] == (9, 0)


def test_hooks_replace_free_inputs() -> None:
    seen = []

    def lie(machine: Machine, step: int, zkpc: int, low: int, high: int) -> tuple[int, int]:
        seen.append((step, zkpc, low, high, machine.A0))
        return low + 1, 77

    honest = program("5 => A", "${A * 2} => B", "B - 10 => C")
    execution = execute(honest, free_input=lie)
    assert seen == [(1, 1, 10, 0, 5)]
    assert (execution.registers["B"], execution.registers["C"]) == ((11, 77), (1, 77))


@pytest.mark.parametrize("row", ["$ => C :ADD", "$ => C :MLOAD(x)", "$ => C :MEM_ALIGN_RD", "$ => C :SLT"])
def test_no_lie_passes_an_operation(row: str) -> None:
    with pytest.raises(ExecutionFault):
        execute(program("5n :MSTORE(x)", row, variables=("x",)), free_input=lambda m, s, z, low, high: (low + 1, high))


def test_observers_see_each_step() -> None:
    seen = []
    execution = execute(
        program("3 => A", "loop:", "A - 1 => A :JMPNZ(loop)"),
        observer=lambda m, step, zkpc: seen.append((step, zkpc, m.A0)),
    )
    assert seen == [(0, 0, 0), (1, 1, 3), (2, 1, 2), (3, 1, 1)]
    assert execution.steps == 4


def test_runs_can_enter_at_a_label() -> None:
    memory = {0: (40, 0)}
    entered = execute(
        program(":JMP(start)", "here:", "$ => A :MLOAD(x)", "A + SP :MSTORE(x)", variables=("x",)),
        entry=Entry("here", {"SP": 2}),
        memory=memory,
    )
    assert (entered.steps, entered.memory, memory) == (2, {0: (42, 0)}, {0: (42, 0)})
    with pytest.raises(ConfigurationError, match="no label 'there' to begin at; it has finalizeExecution, start"):
        execute(program(":JMP(start)"), entry=Entry("there"))


def test_prepared_programs_run_again_from_the_beginning() -> None:
    prepared = PreparedProgram(program("A + 1 => A :MSTORE(x)", "$ => B :ADD", variables=("x",)))
    first, second = execute(prepared), execute(prepared)
    assert first.registers == second.registers
    assert first.counters == second.counters
    with pytest.raises(ConfigurationError, match="where the program is prepared"):
        execute(prepared, skip_address_check=True)


def test_damaged_rom_rows_are_named() -> None:
    rom = load_rom(program("1 => A").rom_json().replace('"CONST": "1"', '"CONST": "1", "bin": 1, "binOpcode": 9'))
    with pytest.raises(InputError, match=r"test\.zkasm:2: row 0 of the ROM is damaged"):
        execute(rom)


def test_counters_and_rows() -> None:
    rows = ("4n => A,B", "$ => C :ADD, MSTORE(x)", "0 => C,D", "16n :ARITH", "$ => E :MEM_ALIGN_RD", "0 :HASHKLEN(0)")
    digest = [f"${{hashKDigestR64(0, {word})}} => {register}" for word, register in ((1, "A"), (2, "B"), (3, "C"))]
    execution = execute(program(*rows, *digest, "${hashKDigestR64(0, 0)} :HASHKDIGEST(0)", variables=("x",)))
    counters = execution.counters
    assert dict(counters) == {"arith": 1, "binary": 1, "mem_align": 1, "keccak": 1, "memory": 1}
    assert counters.rows == {
        "main": 23,
        "arith": 8,
        "binary": 4,
        "mem_align": 8,
        "keccak": 155286,
        "memory": 1,
        "rom": 11,
    }
    assert (counters.most_rows, counters.n) == (155286, 2**18)
    with pytest.raises(KeyError):
        counters["steps"]


@pytest.mark.parametrize(("steps", "n"), [(3, 16), (4, 32), (19, 32), (20, 64)])
def test_n_holds_the_steps_and_the_last_rows(steps: int, n: int) -> None:
    execution = execute(program(f"{steps - 2} => RCX", "0 => A :REPEAT(RCX)"))
    assert (execution.steps, execution.counters.n) == (steps, n)


def test_importing_the_package_loads_no_module_of_it() -> None:
    code = "import sys, zkwasm_simulator; print([m for m in sys.modules if m.startswith(('zkwasm_', 'Crypto'))])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output == "['zkwasm_simulator']\n"
