"""What toolchains make of small programs does what wasmtime says, on both engines, and no prover can lie to it.

`ZKWASM_PROGRAMS=1` adds the large ones (`real_programs`), which take more than eight CPU minutes to compile at -O2, and
a second level.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.differential.comparison import (
    Case,
    expected_outcomes,
    outcome_difference,
    program_outcomes,
)
from tests.hosts import wasi_oracle
from tests.jit.comparison import call_both
from tests.programs.real_programs import ALL, ORDINARY, RealProgram, compiled
from zkwasm_simulator import Instance, lying_prover, static_audit
from zkwasm_simulator.interpreter import Engine

LEVELS = (2, 0) if ALL else (2,)
ENGINES: tuple[Engine, ...] = ("reference", "jit")

every_program = pytest.mark.parametrize("program", ORDINARY, ids=lambda program: program.name)


@pytest.mark.parametrize("level", LEVELS)
@every_program
def test_programs_agree_with_wasmtime(program: RealProgram, level: int, tmp_path: Path) -> None:
    if program.is_wasi:
        _agrees_with_wasi(program, level, tmp_path)
        return
    case = Case(program.wasm(), program.exports, program.calls, memory="memory")
    expected = expected_outcomes(case)
    for engine in ENGINES:
        found = program_outcomes(compiled(program, program.exports, level), case, len(expected), engine)
        assert len(found) == len(expected)
        assert not (difference := outcome_difference(case, expected, found)), f"{engine}: {difference}"


def _agrees_with_wasi(program: RealProgram, level: int, folder: Path) -> None:
    """The memory is not compared: how much a read of two buffers gives, and what is said of a descriptor, are different
    there and stay on the stack."""
    wanted = wasi_oracle.run(program.wasm(), folder, program.given, program.arguments, {})
    for engine in ENGINES:
        instance = Instance(compiled(program, program.exports, level), engine=engine)
        result = instance.call("_start", private_input=program.given)
        assert (result.public_output, result.exit_code) == (wanted.output, wanted.exit_code)
        assert "".join(result.log).encode() == wanted.errors


@every_program
def test_engines_agree(program: RealProgram) -> None:
    for name, words in program.calls if ALL else program.first_calls:
        call_both(compiled(program, program.exports), name, words, program.given)


FALSE_ALARMS = pytest.mark.xfail(reason="the static audit knows too little of some values", strict=True)


@pytest.mark.parametrize(
    "program", [pytest.param(one, id=one.name, marks=[] if one.audited else FALSE_ALARMS) for one in ORDINARY]
)
def test_the_static_audit_finds_nothing(program: RealProgram) -> None:
    report = static_audit(compiled(program, program.exports))
    assert report.free_inputs
    assert not report.findings, report.findings[0]


@every_program
def test_no_lie_survives(program: RealProgram) -> None:
    for name, words in program.calls if ALL else program.first_calls:
        report = lying_prover(compiled(program, program.exports), name, words, private_input=program.given, limit=100)
        assert not report.survivors, report.survivors[0]
        assert not report.unfinished
