"""The lying prover: what it tries and what it reports. tests/soundness runs it over what the compiler emits."""

from __future__ import annotations

import pytest

from tests.soundness.emitted import control_program, op_program
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator import ExecutionFault, PublicInputs
from zkwasm_simulator.audit import Tamper, Verdict, forge, lying_prover
from zkwasm_simulator.audit.forging import Stage
from zkwasm_simulator.audit.lies import lies
from zkwasm_simulator.audit.statement import audited

MEMORY_PROGRAM = """\
VAR GLOBAL x
start:
  STEP => A
  0 :ASSERT
{body}
  0 => A,B,C,D,E,RCX
wait:
  ${{beforeLast()}} :JMPN(wait)
  :JMP(start)
"""


def _program(*lines: str) -> Program:
    return assemble(MEMORY_PROGRAM.format(body="\n".join(f"  {line}" for line in lines)), file_name="sample.zkasm")


def test_a_report_names_the_instruction_and_the_lie() -> None:
    program = _program("5n => A", "${A + 1} => B :MSTORE(x)")
    report = lying_prover(program)
    (survivor,) = report.survivors
    assert (survivor.place.file, survivor.place.line) == ("sample.zkasm", 6)
    assert survivor.place.text == "${A + 1} => B :MSTORE(x)"
    assert survivor.lies[0].honest == (6, 0)
    assert (survivor.output, survivor.honest, survivor.forged) == ("cell 0", "0x6", "0x7")
    assert report.to_json()["survivors"][0]["lies"][0]["line"] == 6
    assert report.runs == report.violated + report.same + report.unfinished + 1 or report.violated == 0


def test_a_report_names_the_webassembly_function() -> None:
    source = op_program("i64.mul").source
    (line,) = [line for line in source.splitlines() if ":ARITH" in line]
    broken = assemble(source.replace(line, line.replace(":ARITH, ", ":").replace(":ARITH", "")))
    report = lying_prover(broken, "f", (5, 3))
    assert report.survivors[0].place.function == "f"


def test_lies_that_fit_together_are_found() -> None:
    """A quotient and a remainder that is not compared with the divisor."""
    program = _program("100n => E", "7n => B", "${E / B} => A", "${E % B} => C", "0n => D", "E :ARITH", "A :MSTORE(x)")
    assert lying_prover(program).survivors
    assert not lying_prover(program, coherent=False).survivors


def test_a_register_that_nothing_writes_is_a_lie() -> None:
    program = assemble("VAR GLOBAL x\nstart:\n  STEP => A\n  0 :ASSERT\n  B :MSTORE(x)\nend:\n  :JMP(start)\n")
    (survivor,) = lying_prover(program, end="end").survivors
    assert survivor.lies[0].register == "B"
    assert not lying_prover(_program("0 => B", "B :MSTORE(x)")).survivors


def test_advice_goes_on_where_it_cannot_be_evaluated() -> None:
    """The second advice divides by what the first one says; 0 there is no excuse."""
    program = _program("${1} => B", "${6 / B} => A", "A :MSTORE(x)")
    run = forge(program, [Tamper(2, (0, 0))])
    assert run.verdict is Verdict.DIFFERENT
    assert [one.said for one in run.free_inputs if one.row == 3] == [(0, 0)]


def test_public_inputs_are_the_callers_choice() -> None:
    program = op_program("i64.add")
    stage = Stage(audited(program), PublicInputs.of_words([3, 4], function_index=1), 10_000)
    report = lying_prover(program, "f", (3, 4))
    assert report.tried == sum(not stage.audited.is_public_input(one.step) for one in stage.free_inputs)
    assert report.tried <= report.free_inputs - 8


def test_rows_and_occurrences_choose() -> None:
    """Of three executions of a row the last one's value is stored."""
    program = _program("2 => RCX", "again:", "${RCX + 1} => B", "RCX - 1 => RCX :JMPNZ(again)", "B :MSTORE(x)")
    assert lying_prover(program).survivors[0].place.row == 3
    assert not lying_prover(program, rows=[2]).tried
    assert not lying_prover(program, rows=[3], occurrences=[0]).survivors
    assert lying_prover(program, rows=[3], occurrences=[1]).survivors


def test_the_limit_holds_and_the_sample_is_repeatable() -> None:
    program = _program("5n => A", "${A} => B", "B :ASSERT")
    one, same, other = (lying_prover(program, limit=10, coherent=False, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.runs - lying_prover(program, limit=0).runs == 10
    assert other.runs == one.runs


def test_early_ends_are_those_of_full_runs() -> None:
    """A run that is given up as going on like the honest one comes to the same outputs when it is followed."""
    program = control_program(0)
    stage = Stage(audited(program), PublicInputs.of_words([6], function_index=1), 10_000)
    steps = [one.step for one in stage.free_inputs if not stage.audited.is_public_input(one.step)]
    same = 0
    for fork in stage.forks(steps):
        honest = next(one.honest for one in stage.free_inputs if one.step == fork.step)
        for lie in lies(honest):
            early = stage.run(fork, {fork.step: lie})
            followed = stage.run(fork, {fork.step: lie}, tamper=lambda row: None)
            assert early.verdict is followed.verdict
            same += early.verdict is Verdict.SAME
    assert same


def test_wrong_use_is_named() -> None:
    with pytest.raises(ConfigurationError, match="exports no function 'g'"):
        lying_prover(op_program("i64.add"), "g", ())
    with pytest.raises(ConfigurationError, match="takes 2 arguments, 1 given"):
        lying_prover(op_program("i64.add"), "f", (1,))
    with pytest.raises(ConfigurationError, match="no end to audit"):
        lying_prover(assemble("start:\n  :JMP(start)\n"))
    with pytest.raises(ExecutionFault, match="A is 0x5"):
        lying_prover(_program("5n => A", "6n :ASSERT"))
