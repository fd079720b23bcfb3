"""`zkwasm asm`: assemble zkASM to ROM JSON."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zkwasm_compiler.asm import AssembleOptions, Define

NAME = "asm"
HELP = "assemble a .zkasm file to the ROM JSON of the public tools"
DESCRIPTION = """\
Assemble a zkASM source, with the files it includes, to ROM JSON.

There are two dialects: 64, of the 64-bit machine that the compiler and the simulator are for, and durian, of the
256-bit machine of the zkEVM. Without --dialect it is the one that the first line of the source names
(`;@ dialect durian`), or else the project (`dialect = "durian"` in zkwasm.toml or in [tool.zkwasm] of
pyproject.toml), or else the one in which the source has the fewest errors, 64 when they are equally many.
"""
EPILOG = """\
examples:
  zkwasm asm program.zkasm                   print the JSON
  zkwasm asm program.zkasm -o program.rom.json
  zkwasm asm main/main.zkasm -o rom.json --dialect durian -D TX_GAS_LIMIT=89128960
"""


_NAME = re.compile(r"[a-zA-Z_][a-zA-Z$_0-9]*")

ALLOWED = ("undefined-labels", "overwrite-labels", "undefined-variables")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="IN.zkasm", type=Path, help="the source")
    parser.add_argument("-o", "--output", metavar="OUT.json", help="write the JSON here (default: print it)")
    parser.add_argument("--dialect", metavar="NAME", help="64 or durian (default: see above)")
    parser.add_argument(
        "-D",
        "--define",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="give the constant %%NAME this value, whatever the source says; with suffix n a long one",
    )
    parser.add_argument(
        "--allow",
        metavar="WHAT",
        action="append",
        default=[],
        help=f"make an error a warning: {', '.join(ALLOWED)}",
    )


def execute(arguments: argparse.Namespace) -> int:
    from hatch_zkwasm.sources import assemble
    from hatch_zkwasm.writing import write_output

    program, warnings = assemble(arguments.file, _options(arguments))
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    write_output(arguments.output, program.rom_json())
    return 0


def _options(arguments: argparse.Namespace) -> AssembleOptions:
    """The options of the assembler. Raises: UsageError."""
    from hatch_zkwasm.errors import UsageError
    from zkwasm_compiler.asm import AssembleOptions
    from zkwasm_compiler.isa import DIALECTS

    dialect, allowed = arguments.dialect, arguments.allow
    if dialect is not None and dialect not in DIALECTS:
        raise UsageError(f"--dialect: no zkASM dialect is called {dialect!r}; there is {', '.join(DIALECTS)}")
    for what in allowed:
        if what not in ALLOWED:
            raise UsageError(f"--allow: found {what!r}; it must be one of {', '.join(ALLOWED)}")
    return AssembleOptions(
        defines=dict(map(_define, arguments.define)),
        allow_undefined_labels="undefined-labels" in allowed,
        allow_overwrite_labels="overwrite-labels" in allowed,
        allow_undefined_variables="undefined-variables" in allowed,
        dialect=dialect,
    )


def _define(text: str) -> tuple[str, Define]:
    """The constant of a ``NAME=VALUE``. Raises: UsageError."""
    from hatch_zkwasm.errors import UsageError
    from zkwasm_compiler.asm import Define

    name, _, value = text.partition("=")
    try:
        if not _NAME.fullmatch(name):
            raise ValueError
        return name, Define(int(value.removesuffix("n"), 0), long=value.endswith("n"))
    except ValueError:
        message = f"--define: found {text!r}; write NAME=VALUE with an integer, such as LIMIT=0x1F or MASK=255n"
        raise UsageError(message) from None
