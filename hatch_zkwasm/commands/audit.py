"""`zkwasm audit`: is every free input of a program pinned?

The static audit looks at every program. One with an interface is called under a lying prover, too, when a call is
given; a hand-written one, which has no functions, always runs under it.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatch_zkwasm.values import Value
    from zkwasm_compiler.asm.program import Program
    from zkwasm_simulator import LyingReport

NAME = "audit"
HELP = "look for free inputs of a program that no constraint pins"
DESCRIPTION = """\
Look for free inputs of a .wasm, .wat, .zkasm or .rom.json program, or of one that is packed in a wheel, that a
dishonest prover could choose: those that reach a result, an address, a jump or the memory without a constraint that
pins them. With a call, a lying prover runs it, too: he replaces one free input at a time, and others so that they fit,
and goes on; every run must violate a constraint or come to the same results.
"""
EPILOG = """\
examples:
  zkwasm audit numbers.wasm                       look at the program
  zkwasm audit numbers.wasm --call gcd 48 18      and lie in the run of one call
  zkwasm audit hand_written.zkasm                 a program without functions: look at it and lie in its run
  zkwasm audit numbers.wasm --call gcd 48 18 --limit 100000 --json

exit status: 0 nothing was found, 1 a free input is not pinned, 2 the command was used wrongly
"""


def configure(parser: argparse.ArgumentParser) -> None:
    from hatch_zkwasm.targets import add_target

    add_target(parser, call="the exported function to lie in (default: the only one, when arguments are given)")
    parser.add_argument(
        "--limit", metavar="N", type=_count, default=20_000, help="tell at most N lies, chosen evenly (default: 20000)"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="choose other lies (default: 0)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of lies; write 0, 1, 2 …")
    return int(text)


def execute(arguments: argparse.Namespace) -> int:
    import json

    from hatch_zkwasm.targets import load_target
    from zkwasm_simulator import static_audit

    program = load_target(arguments)
    with _Progress("looked at {done} of {all} free inputs") as progress:
        found = static_audit(program, progress=progress)
    lied = _lie(program, arguments)
    if arguments.json:
        entry = {"static": found.to_json(), "lies": None if lied is None else lied.to_json()}
        print(json.dumps(entry, indent=2, ensure_ascii=False))
    else:
        print("\n".join(map(str, (*found.findings, found))))
        if lied is not None:
            print("\n".join(map(str, (*lied.survivors, lied))))
    return 1 if found.findings or (lied is not None and lied.survivors) else 0


def _lie(program: Program, arguments: argparse.Namespace) -> LyingReport | None:
    """Run the program under a lying prover, if there is a run to lie in."""
    from hatch_zkwasm.data import given_data
    from hatch_zkwasm.errors import as_usage
    from hatch_zkwasm.targets import choose_export, refuse_call
    from hatch_zkwasm.values import parse_arguments
    from zkwasm_simulator import lying_prover

    name: str | None = None
    values: tuple[Value, ...] = ()
    if program.interface is None:
        refuse_call(arguments)
    elif arguments.call is None and not arguments.arguments:
        return None
    else:
        export = choose_export(program, arguments)
        with as_usage():
            name, values = export.name, parse_arguments(export, arguments.arguments)
    private, public = given_data(program, arguments)
    with _Progress("lied at {done} of {all} free inputs") as progress:
        return lying_prover(
            program,
            name,
            values,
            private_input=private,
            public_input=public,
            seed=arguments.seed,
            limit=arguments.limit,
            progress=progress,
        )


class _Progress:
    """How far the work is, on a terminal; nothing anywhere else, and nothing behind it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._shown = ""

    def __call__(self, done: int, all: int) -> None:
        if sys.stderr.isatty():
            self._write(self._text.format(done=done, all=all))

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._write("")

    def _write(self, text: str) -> None:
        print(f"\r{text:{len(self._shown)}}\r{text}", end="", file=sys.stderr, flush=True)
        self._shown = text
