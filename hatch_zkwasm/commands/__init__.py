"""The commands of `zkwasm`, in the order of its help."""

from __future__ import annotations

import argparse
from typing import Protocol

from hatch_zkwasm.commands import asm, audit, build, check, compile, explain, inputs, lsp, profile, run, test, trace


class Command(Protocol):
    """What `hatch_zkwasm.cli` expects of the module of a command."""

    NAME: str
    HELP: str
    DESCRIPTION: str
    EPILOG: str

    def configure(self, parser: argparse.ArgumentParser, /) -> None:
        """Declare the arguments."""

    def execute(self, arguments: argparse.Namespace, /) -> int:
        """Do the work and return the exit status."""


COMMANDS: tuple[Command, ...] = (
    compile,
    asm,
    run,
    profile,
    trace,
    check,
    inputs,
    test,
    audit,
    explain,
    build,
    lsp,
)
