"""The static audit accuses nothing that the compiler emits, and finds the rules that are broken on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.programs import CALLS, module_bytes
from tests.soundness.broken import BROKEN, UNHARMED, Broken
from tests.soundness.emitted import (
    LAYOUT_NAMES,
    OPS_OF_WASM,
    WAYS,
    access_program,
    control_program,
    op_program,
    segments_program,
    sizes_program,
    tables_program,
)
from zkwasm_compiler import CompileOptions, Program, compile_module
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import lying_prover, static_audit

EXAMPLE = Path(__file__).resolve().parents[2] / "example_project" / "native"
FAMILIES = ("i32", "i64", "affine", "branch", "popcnt", "memory", "expansions")


def _clean(program: Program) -> None:
    report = static_audit(program)
    assert report.free_inputs
    assert not report.findings, report.findings[0]


@pytest.mark.parametrize("op", OPS_OF_WASM)
def test_ops(op: str) -> None:
    _clean(op_program(op))


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize(("op", "layout"), WAYS)
def test_accesses(op: str, growing: bool, layout: str) -> None:
    _clean(access_program(op, growing, layout))


@pytest.mark.parametrize("level", [0, 2])
def test_control(level: int) -> None:
    _clean(control_program(level))


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("level", [0, 2])
def test_sizes_and_segments(level: int, layout: str) -> None:
    _clean(sizes_program(level, layout))
    _clean(segments_program(level, True, layout))


@pytest.mark.parametrize("level", [0, 2])
def test_tables(level: int) -> None:
    _clean(tables_program(level))


@pytest.mark.parametrize("file", CALLS)
def test_kernels(file: str) -> None:
    for layout in LAYOUT_NAMES if file.startswith("memory/") else LAYOUT_NAMES[:1]:
        _clean(compile_module(module_bytes(file), CompileOptions(memory_layout=layout)))


def test_the_example() -> None:
    _clean(compile_module((EXAMPLE / "numbers.wasm").read_bytes()))
    _clean(compile_module((EXAMPLE / "sha256.wasm").read_bytes()))
    _clean(compile_module(wat_to_wasm((EXAMPLE / "collatz.wat").read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "body",
    [
        "(i32.sub (i32.const 4) (i32.div_u (local.get 0) (i32.const 7)))",
        "(i32.sub (i32.const 0) (i32.div_u (i32.const 0x3ffff) (i32.const 7)))",
        "(i32.rem_s (local.get 0) (i32.const -6))",
        "(i32.mul (i32.const 3) (i32.sub (i32.const 4) (i32.popcnt (local.get 0))))",
        "(i32.add (i32.clz (i32.const 0x3ffff)) (i32.ctz (i32.const 0x40000)))",
        "(i32.sub (i32.const 0) (i32.rotl (local.get 0) (local.get 1)))",
        "(i32.mul (i32.const 0x80000000) (i32.rotr (local.get 0) (local.get 1)))",
        "(i32.sub (i32.const 5) (i32.rem_u (local.get 0) (i32.or (local.get 1) (i32.const 1))))",
        "(i32.load offset=7 (i32.and (local.get 0) (i32.const 127)))",
    ],
)
@pytest.mark.parametrize("level", [0, 2])
def test_chains_of_bounds(body: str, level: int) -> None:
    """What is known of a value only because of what is known of another one."""
    text = f'(module (memory 1) (func (export "f") (param i32 i32) (result i32) {body}))'
    assert not static_audit(compile_module(wat_to_wasm(text), CompileOptions(None, level))).findings


def test_what_lies_before_the_powers_of_two_is_no_power() -> None:
    """The end of an export lies before the table, where an amount that the audit cannot bound seems to lead."""
    text = """(module
      (func $f (param f32 f32) (result f32) (f32.add (local.get 0) (local.get 1)))
      (func (export "once") (param f32 f32) (result f32) (call $f (local.get 0) (local.get 1)))
      (func (export "twice") (param f32 f32) (result f32) (call $f (call $f (local.get 0) (local.get 1)) (local.get 1)))
      (func (export "many") (param f64 f64) (result f64) (f64.add (f64.add (local.get 0) (local.get 1)) (local.get 1)))
      (func (export "third") (param f32) (result f32) (call $f (local.get 0) (local.get 0))))"""
    program = compile_module(wat_to_wasm(text))
    _clean(program)
    assert "MSTORE(output[0]), JMP(finish)" in program.rows[program.labels["pow2_64_end"] - 65]["lineStr"]


def test_there_is_a_broken_rule_of_each_family() -> None:
    assert {name.partition(":")[0] for name in BROKEN} == set(FAMILIES)


def _lies(broken: Broken) -> bool:
    return bool(lying_prover(broken.program, broken.name, broken.args, limit=1000).survivors)


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rules_are_found(name: str) -> None:
    broken = BROKEN[name]
    assert not static_audit(broken.sound).findings
    findings = static_audit(broken.program).findings
    assert {finding.place.function for finding in findings} >= {broken.name}
    assert _lies(broken)


@pytest.mark.parametrize("name", UNHARMED)
def test_checks_that_another_makes_up_for_are_not_missed(name: str) -> None:
    broken = UNHARMED[name]
    assert not static_audit(broken.program).findings
    assert not _lies(broken)
