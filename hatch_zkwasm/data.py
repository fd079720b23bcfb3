"""The inputs that a run gets besides arguments, as the command line and the project tables give them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zkwasm_compiler.asm.program import Program

FILE_MARK = "@"


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Declare the options for the private and the public input."""
    for kind, what in (("private", "the witness, of which the proof says nothing"), ("public", "bound by the proof")):
        parser.add_argument(
            f"--{kind}-input",
            metavar="HEX|@FILE",
            default="",
            help=f"bytes that the program reads as {kind} input: {what}; hexadecimal digits, or a file",
        )


def given_data(program: Program, arguments: argparse.Namespace) -> tuple[bytes, bytes]:
    """The private and the public input on the command line. *Raises:* UsageError for one that the program does not
    read."""
    from hatch_zkwasm.errors import as_usage
    from zkwasm_simulator.inputs import check_data

    found = (
        data_bytes(arguments.private_input, "--private-input"),
        data_bytes(arguments.public_input, "--public-input"),
    )
    if program.interface is not None:
        with as_usage():
            check_data(program.interface, *found)
    return found


def data_bytes(text: str, option: str) -> bytes:
    """The bytes that `text` means: hexadecimal digits, or `@` and a file. *Raises:* UsageError."""
    from hatch_zkwasm.errors import UsageError
    from hatch_zkwasm.sources import read_bytes
    from zkwasm_compiler.errors import Problem

    if text.startswith(FILE_MARK):
        return read_bytes(Path(text[1:]))
    try:
        return bytes.fromhex(text)
    except ValueError:
        message = f"{option}: {text!r} is not bytes in hexadecimal digits, two each; a file is written @FILE"
        raise UsageError(Problem(message)) from None
