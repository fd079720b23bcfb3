"""`zkwasm test`: run the assertions that zkASM sources carry in comments."""

from __future__ import annotations

import argparse
from pathlib import Path

NAME = "test"
HELP = "run the assertions `;@ run A=2 B=3 => A=5` of .zkasm files"
DESCRIPTION = """\
Run the assertions of zkASM sources in the simulator: comment lines that stand above a label, or before the program,
and say with which registers and cells it runs and what is expected at the end.
"""
EPILOG = """\
examples:
  zkwasm test routines.zkasm
  zkwasm test main.zkasm other.zkasm --json

    ;@ run A=2 B=3 => A=5 steps<=4
    ;@ run A=1 => fails assert
    sum:
        $ => A :ADD
        :RETURN

exit status: 0 all hold, 1 one does not hold or there are none, 2 the command was used wrongly
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE.zkasm", nargs="+", type=Path, help="main files of programs")
    parser.add_argument("--limit", metavar="N", type=_count, help="stop a run after N steps (default: 1000000)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of steps; write 1, 2, 3 …")
    return int(text)


def execute(arguments: argparse.Namespace) -> int:
    import json

    from hatch_zkwasm.errors import UsageError
    from hatch_zkwasm.sources import read_bytes
    from zkwasm_compiler.errors import InputError, Problem
    from zkwasm_simulator.assertions import run_assertions
    from zkwasm_simulator.assertions.running import STEP_LIMIT

    for path in arguments.files:
        read_bytes(path)
        if path.suffix.lower() != ".zkasm":
            raise UsageError(Problem("is not a zkASM source by its name: .zkasm", str(path)))
    reports = [run_assertions(path, step_limit=arguments.limit or STEP_LIMIT) for path in arguments.files]
    empty = [path for path, report in zip(arguments.files, reports, strict=True) if not report.runs]
    runs = [run for report in reports for run in report.runs]
    failed = sum(not run.passed for run in runs)
    if arguments.json:
        entries = [
            {"program": str(path), "runs": [run.to_json() for run in report.runs], "counts": report.lines()}
            for path, report in zip(arguments.files, reports, strict=True)
        ]
        print(json.dumps({"programs": entries}, indent=2, ensure_ascii=False))
    else:
        for run in runs:
            print(run)
        print(f"{len(runs)} run{'' if len(runs) == 1 else 's'}, {failed} failed")
    if empty:
        message = "has no assertions; write `;@ run A=2 => A=4` above a label"
        raise InputError(*(Problem(message, str(path)) for path in empty))
    return 1 if failed else 0
