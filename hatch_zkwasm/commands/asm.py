"""`zkwasm asm`: assemble zkASM to ROM JSON."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

NAME = "asm"
HELP = "assemble a .zkasm file to the ROM JSON of the public tools"
DESCRIPTION = "Assemble a zkASM source, with the files it includes, to ROM JSON."
EPILOG = """\
examples:
  zkwasm asm program.zkasm                   print the JSON
  zkwasm asm program.zkasm -o program.rom.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="IN.zkasm", type=Path, help="the source")
    parser.add_argument("-o", "--output", metavar="OUT.json", help="write the JSON here (default: print it)")


def execute(arguments: argparse.Namespace) -> int:
    from hatch_zkwasm.sources import assemble
    from hatch_zkwasm.writing import write_output

    program = assemble(arguments.file)
    for warning in program.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    write_output(arguments.output, program.rom_json())
    return 0
