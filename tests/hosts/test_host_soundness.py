"""Data may be any data of its size; nothing else may be said, and public data is bound by its digest."""

from __future__ import annotations

import pytest

from tests.hosts.streams import inputs, streams
from zkwasm_compiler import compile_module
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Statement, check, execute, forge, lying_prover, record, static_audit
from zkwasm_simulator.audit import Tamper, Verdict

CALLS = [
    ("private_sum", (), b"0123456789ab", b""),
    ("reveal", (1, 100), b"eleven byte", b""),
    ("public_difference", (), b"", b"0123456789ab"),
    ("echo", (2, 100), b"", b"seven b"),
    ("numbers", (0xFFFFFFFF, 1 << 63), b"", b""),
    ("keccak256", (3, 9, 40), b"", b""),
]


@pytest.mark.parametrize("layout", ["words", "bytes"])
def test_the_audit_knows_data_and_finds_nothing_else(layout: str) -> None:
    report = static_audit(streams(layout))
    assert not report.findings
    assert len(report.private) == 4
    assert len(report.public) == 7
    assert all("private input" in place.text for place in report.private if "…" not in place.text)
    assert "private input: 4; public input: 7" in str(report)


@pytest.mark.parametrize("layout", ["words", "bytes"])
@pytest.mark.parametrize(("name", "args", "private", "public"), CALLS, ids=[call[0] for call in CALLS])
def test_no_lie_survives(layout: str, name: str, args: tuple[int, ...], private: bytes, public: bytes) -> None:
    program = streams(layout)
    report = lying_prover(
        program, inputs=inputs(program, name, *args, private=private, public=public), limit=300, seed=1
    )
    assert not report.survivors
    assert report.violated > 30


READ = """(module (import "zkwasm" "read_private_{0}" (func $read (result {0})))
  (func (export "f") (result {0}) (call $read)))"""
READ_BYTES = """(module (import "zkwasm" "read_private" (func $read (param i32 i32) (result i32))) (memory 1)
  (func (export "f") (result i32) (call $read (i32.const 1) (i32.const 3))))"""
WRITE = """(module (import "zkwasm" "write_public_i32" (func $write (param i32)))
  (func (export "f") (param i32) (call $write (local.get 0))))"""
CHECK = "  A - B - 256*C - 65536*D - 16777216*RCX :JMPNZ(fail)\n"

BROKEN = {
    "a byte without its check": (READ_BYTES, "  16777216*RCX :JMPN(fail)\n", "", "private input, 1 byte"),
    "an i64 without half its check": (READ.format("i64"), "  ROTL_C :JMPN(fail)\n", "", "private input, 8 bytes"),
    "an i32 without its check": (READ.format("i32"), "=> A :JMPN(fail)", "=> A          ", "private input, 4 bytes"),
    "bytes that are no part of the word": (WRITE, CHECK, "", "255} => "),
    "no data by its comment": (READ.format("i32"), "private input, 4 bytes", "any number", ":JMPN(fail)      ; any"),
    "fewer bytes than its check allows": (READ.format("i32"), "4 bytes", "2 bytes", "private input, 2 bytes"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_the_audit_finds_what_is_not_held_to_its_size(case: str) -> None:
    text, old, new, where = BROKEN[case]
    program = compile_module(wat_to_wasm(text))
    assert not static_audit(program).findings
    assert old in program.source
    broken = assemble(program.source.replace(old, new))
    lines = program.source.replace(old, new).splitlines()
    found = [lines[(finding.place.line or 1) - 1] for finding in static_audit(broken).findings]
    assert any(where in line for line in found), found


def test_other_public_input_has_another_digest() -> None:
    program = streams()
    given = inputs(program, "echo", 1, 100, public=b"eleven byte")
    honest = execute(program, inputs=given, full_run=True).public
    assert honest is not None
    lies = [Tamper(place.row, (0x2A, 0), 0) for place in static_audit(program).public if "RCX" not in place.text]
    forged = [forge(program, [lie], inputs=given) for lie in lies]
    changed = [one for one in forged if one.verdict is Verdict.DIFFERENT]
    assert len(changed) > 4
    for one in changed:
        assert one.outputs is not None
        assert [one.outputs[f"output word {number}"] for number in range(2, 6)] != list(honest.outputs[2:6])


@pytest.mark.parametrize("name", ["reveal", "echo", "keccak256"])
def test_the_constraints_hold(name: str) -> None:
    """The trace without the rows of keccak-256, which are not needed for what the main machine does."""
    program = streams()
    _, args, private, public = next(call for call in CALLS if call[0] == name)
    given = inputs(program, name, *args, private=private, public=public)
    promised = execute(program, inputs=given, full_run=True).public
    assert promised is not None
    assert check(record(program, inputs=given, rows=1024), program, Statement.of(given, promised)) == []
