"""`zkwasm check`: does a run satisfy every constraint of the machine?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zkwasm_compiler.asm.program import Program
    from zkwasm_simulator import PublicInputs, Trace
    from zkwasm_simulator.constraints import Statement

NAME = "check"
HELP = "check every constraint of the machine on a run"
DESCRIPTION = """\
Record a run of a program, row by row, and evaluate all constraints of the processor on it, those that a proof shows.
With --trace the columns come from a folder that `zkwasm trace` wrote, or something else of that form.
"""
EPILOG = """\
examples:
  zkwasm check gcd.wat 48 18
  zkwasm check gcd.wat 48 18 --trace gcd.trace

Each violation is shown with its cell and the instruction it belongs to, the cause first; then the exit status is 1. The
inputs of the call must be public in the trace; what came out of it is not judged.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    from hatch_zkwasm.targets import add_rows, add_step_limit, add_target

    add_target(parser, call="the exported function (default: the only one)")
    parser.add_argument("--trace", metavar="FOLDER", type=Path, help="check this trace of the program")
    add_rows(parser)
    add_step_limit(parser)


def execute(arguments: argparse.Namespace) -> int:
    from hatch_zkwasm.targets import load_target
    from zkwasm_simulator import check

    _refuse_contradictions(arguments)
    program = load_target(arguments)
    title, trace, statement = _trace(program, arguments)
    violations = check(trace, program, statement)
    for violation in violations:
        print(violation)
    if violations:
        return 1
    print(f"{title}: all constraints hold in {trace.rows} rows")
    return 0


def _refuse_contradictions(arguments: argparse.Namespace) -> None:
    """Raises: UsageError."""
    from hatch_zkwasm.errors import UsageError
    from zkwasm_compiler.errors import Problem
    from zkwasm_simulator.traces.writing import DESCRIPTION as TRACE_FILE

    file = str(arguments.file)
    if (arguments.file / TRACE_FILE).is_file():
        message = f"is a trace; name the program that it is of first: zkwasm check PROGRAM --trace {file}"
        raise UsageError(Problem(message, file=file))
    if arguments.trace is not None and arguments.rows is not None:
        message = "--rows says how long a trace is to be recorded; that in --trace has its length already"
        raise UsageError(Problem(message, file=str(arguments.trace)))


def _trace(program: Program, arguments: argparse.Namespace) -> tuple[str, Trace, Statement | None]:
    """What is checked, and what is claimed of it: the inputs of a call must be public in it."""
    from hatch_zkwasm.progress import ProgressLine
    from hatch_zkwasm.targets import choose_run
    from zkwasm_simulator import record
    from zkwasm_simulator.traces.reading import read_trace

    if arguments.trace is not None and not (arguments.call or arguments.arguments):
        return str(arguments.trace), read_trace(arguments.trace), None
    run = choose_run(program, arguments)
    if arguments.trace is not None:
        trace = read_trace(arguments.trace)
        return f"{run.title} in {arguments.trace}", trace, _claimed(trace, run.inputs)
    with ProgressLine() as progress:
        trace = record(
            program,
            inputs=run.inputs,
            rows=arguments.rows,
            step_limit=arguments.step_limit,
            skip_address_check=run.skip_address_check,
            progress=progress,
        )
    return run.title, trace, None if program.interface is None else _claimed(trace, run.inputs)


def _claimed(trace: Trace, inputs: PublicInputs) -> Statement:
    """What the trace publishes, with the inputs that it should have."""
    from dataclasses import replace

    from zkwasm_simulator.constraints import Statement

    wanted = Statement.of(inputs)
    return replace(Statement.of_trace(trace), sp=wanted.sp, gas=wanted.gas, ctx=wanted.ctx, inputs=wanted.inputs)
