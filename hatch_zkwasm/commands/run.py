"""`zkwasm run`: run a program in the simulator and show what it costs to prove.

A module is compiled first, an assembly source assembled, a wheel opened. A program with an interface is called; a
hand-written one runs from its first row to `finalizeExecution`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zkwasm_compiler.asm.program import Export, Program
    from zkwasm_simulator import CallResult, ExecutionResult

NAME = "run"
HELP = "run a program in the simulator and show its cost"
DESCRIPTION = """\
Run a .wasm, .wat, .zkasm or .rom.json program, or one that is packed in a wheel, in the simulator. Shown are the result,
the status word, and the cost: steps, how often each secondary machine is used, rows, and N, the length of the proof.
"""
EPILOG = """\
examples:
  zkwasm run gcd.wat 48 18                       the module exports one function: no --call needed
  zkwasm run numbers.wasm --call gcd 0x30 -18
  zkwasm run dist/my_package-1.0-py3-none-any.whl --program numbers --call gcd 48 18
  zkwasm run hand_written.zkasm
  zkwasm run gcd.wat 48 18 --json

Integers are decimal, 0x…, 0o… or 0b…, signed or unsigned; floats are 1.5, -2e9, 0x1.8p3, inf or nan. Without --call, a
module that exports no function is instantiated, which runs its start function.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a .wasm, .wat, .zkasm, .rom.json or .whl file")
    parser.add_argument("arguments", metavar="ARG", nargs="*", help="an argument of the function")
    parser.add_argument("--call", metavar="NAME", help="the exported function (default: the only one)")
    parser.add_argument(
        "--program", metavar="NAME", help="the program inside a wheel (default: the one that exports it)"
    )
    parser.add_argument("-O", type=int, choices=range(4), default=2, dest="optimization_level", help="as for compile")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def execute(arguments: argparse.Namespace) -> int:
    from hatch_zkwasm.sources import load_file, read_bytes

    read_bytes(arguments.file)  # a missing file is the first thing to complain about
    if arguments.file.suffix.lower() == ".whl":
        program = _from_wheel(arguments.file, arguments.program, arguments.call)
    else:
        program = load_file(arguments.file, optimization_level=arguments.optimization_level)
    for warning in program.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if program.interface is None:
        return _execute(program, arguments)
    return _call(program, arguments)
