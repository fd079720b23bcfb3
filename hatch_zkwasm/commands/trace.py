"""`zkwasm trace`: write every column of a run, machine by machine, as files that numpy loads."""

from __future__ import annotations

import argparse
from pathlib import Path

NAME = "trace"
HELP = "write the columns of a run as numpy files"
DESCRIPTION = """\
Run a program to the last row of its trace and write every column of every state machine as a file of numpy's format
(unsigned 64-bit numbers), with a description in trace.json. Memory does not grow with the run.
"""
EPILOG = """\
examples:
  zkwasm trace gcd.wat 48 18 -o gcd.trace
  python -c 'import numpy; print(numpy.load("gcd.trace/Main.A0.npy"))'
  zkwasm check gcd.wat --trace gcd.trace

docs/constraints.md describes the columns.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    from hatch_zkwasm.targets import add_rows, add_step_limit, add_target

    add_target(parser, call="the exported function (default: the only one)")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="a new folder")
    add_rows(parser)
    add_step_limit(parser)


def execute(arguments: argparse.Namespace) -> int:
    from hatch_zkwasm.costs import aligned
    from hatch_zkwasm.progress import ProgressLine
    from hatch_zkwasm.targets import choose_run, load_target
    from zkwasm_simulator.traces.writing import write_trace

    program = load_target(arguments)
    run = choose_run(program, arguments)
    with ProgressLine() as progress:
        written = write_trace(
            program,
            arguments.output,
            inputs=run.inputs,
            rows=arguments.rows,
            step_limit=arguments.step_limit,
            skip_address_check=run.skip_address_check,
            progress=progress,
        )
    print(f"{run.title}: N = {written.n} = 2^{written.n.bit_length() - 1}, in {written.folder}\n")
    rows = [("machine", "rows"), *((machine, str(count)) for machine, count in written.rows.items())]
    print("\n".join(aligned(rows, left=1)))
    return 0
