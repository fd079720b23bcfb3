"""Every program of the tests satisfies the constraints from row 0 to the last, public values and wrap included.

Of calls that differ in an argument only some are run here; every program is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from hatch_zkwasm.configuration import load_configuration
from tests.benchmarks.programs import CALLS, WITHOUT_INPUTS, module_bytes
from tests.conftest import ROOT
from tests.differential.test_found import FOUND, calls_in
from tests.programs.test_limits import CALLS as LIMIT_CALLS
from tests.soundness.emitted import (
    ACCESSES,
    CONTROL_CALLS,
    LAYOUT_NAMES,
    OPS_OF_WASM,
    SIZES_CALLS,
    TABLES_CALLS,
    access_calls,
    access_program,
    control_program,
    op_arguments,
    op_program,
    sizes_program,
    tables_program,
)
from zkwasm_compiler import CompileOptions, Program, compile_module
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import PreparedProgram, PublicInputs, execute
from zkwasm_simulator.constraints import Recorder, Statement, check
from zkwasm_simulator.values import to_bits

Call = tuple[str, tuple[int, ...]]

INSTANTIATION = ("", ())
"""The public function index 0, which initialises and returns."""


def _check(program: Program, calls: Iterable[Call]) -> None:
    """The traces of these calls prove what complete runs publish."""
    assert program.interface is not None
    prepared = PreparedProgram(program, skip_address_check=program.interface.skip_address_check)
    recorder = Recorder(program)
    for name, args in calls:
        export = program.interface.export(name)
        assert export is not None or not name
        inputs = PublicInputs.of_words(args, function_index=export.index if export is not None else 0)
        trace = recorder.record(inputs)
        published = execute(prepared, inputs=inputs, full_run=True, trace_length=trace.rows).public
        found = check(trace, program, Statement.of(inputs, published))
        assert not found, f"{name}{args}: {found[0]}"


@pytest.mark.parametrize("op", OPS_OF_WASM)
def test_ops(op: str) -> None:
    _check(op_program(op), [("f", args) for args in op_arguments(op)[1::24]])


@pytest.mark.parametrize("level", range(4))
def test_control(level: int) -> None:
    _check(control_program(level), CONTROL_CALLS)


@pytest.mark.parametrize(("layout", "growing"), [("words", False), ("words", True), ("bytes", False)])
@pytest.mark.parametrize("op", ACCESSES)
def test_accesses(op: str, growing: bool, layout: str) -> None:
    calls = access_calls(op, growing)
    one_of_each = dict(reversed(calls))
    _check(access_program(op, growing, layout), one_of_each.items())


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("level", range(4))
def test_sizes(level: int, layout: str) -> None:
    _check(sizes_program(level, layout), SIZES_CALLS[level::4])


@pytest.mark.long
@pytest.mark.parametrize("file", WITHOUT_INPUTS)
def test_kernels(file: str) -> None:
    _check(compile_module(module_bytes(file), CompileOptions()), CALLS[file])


def test_limits() -> None:
    _check(compile_module(module_bytes("limits.wat"), CompileOptions()), LIMIT_CALLS)


def test_a_start_function() -> None:
    _check(compile_module(module_bytes("five.wat"), CompileOptions()), [INSTANTIATION])


@pytest.mark.parametrize("path", sorted(FOUND.glob("*.wat")), ids=lambda path: path.stem)
def test_found(path: Path) -> None:
    text = path.read_text()
    _check(compile_module(wat_to_wasm(text, path.name), CompileOptions()), calls_in(text))


def test_the_example_project() -> None:
    folder = ROOT / "example_project"
    for configured in load_configuration(folder).programs:
        source = folder / configured.source
        wasm = source.read_bytes() if source.suffix == ".wasm" else wat_to_wasm(source.read_text(), source.name)
        program = compile_module(wasm, CompileOptions(configured.exports))
        assert program.interface is not None
        calls = []
        for example in configured.examples:
            export = program.interface.export(example.call)
            assert export is not None
            pairs = zip(export.parameters, example.arguments, strict=True)
            calls.append((example.call, tuple(to_bits(type_, value, example.path) for type_, value in pairs)))
        assert calls
        _check(program, calls)


@pytest.mark.parametrize("level", [0, 2])
def test_tables(level: int) -> None:
    _check(tables_program(level), [INSTANTIATION, *TABLES_CALLS])
