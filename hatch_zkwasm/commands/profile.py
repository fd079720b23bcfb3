"""`zkwasm profile`: run a program and show where its steps go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zkwasm_simulator.profile.measuring import Profile

NAME = "profile"
HELP = "run a program and show where its steps go"
DESCRIPTION = """\
Run a program as `zkwasm run` does and count every instruction, block, function and call, exactly and for every state
machine. Shown are the machines, the functions, and the blocks with the most steps.
"""
EPILOG = """\
examples:
  zkwasm profile sha256.wasm --call hash 64
  zkwasm profile sha256.wasm --call hash 64 --html profile.html
  zkwasm profile sha256.wasm --call hash 64 --speedscope profile.json --folded profile.txt

--html writes one page that works offline, --speedscope a file for https://www.speedscope.app, --folded what flame graph
scripts read. A step that calls belongs to the caller.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    from hatch_zkwasm.targets import add_step_limit, add_target, count

    add_target(parser, call="the exported function (default: the only one)")
    add_step_limit(parser)
    parser.add_argument("--functions", metavar="COUNT", type=count, default=20, help="how many functions (default: 20)")
    parser.add_argument("--blocks", metavar="COUNT", type=count, default=5, help="how many blocks (default: 5)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write a page with a flame graph")
    parser.add_argument("--speedscope", metavar="FILE", type=Path, help="write a file for speedscope")
    parser.add_argument("--folded", metavar="FILE", type=Path, help="write folded stacks of steps")


def execute(arguments: argparse.Namespace) -> int:
    import json

    from hatch_zkwasm.costs import aligned, cost_lines
    from zkwasm_simulator.profile.exports import profile_json
    from zkwasm_simulator.profile.report import block_lines, function_lines, line_lines, lost_calls_text

    _refuse_one_file_for_two(arguments)
    title, profile = _measure(arguments)
    _write_files(arguments, title, profile)
    if profile.lost_calls:
        print(f"warning: {lost_calls_text(profile)}", file=sys.stderr)
    if arguments.json:
        print(json.dumps({"call": title} | profile_json(profile), indent=1))
        return 0
    print(f"{title}\n")
    print("\n".join(cost_lines(profile.execution.counters)), end="\n\n")
    print("\n".join(function_lines(profile, lambda rows: aligned(rows, left=1), arguments.functions)))
    lines = line_lines(profile, lambda rows: aligned(rows, left=1), arguments.functions)
    if lines:
        print("\n" + "\n".join(lines))
    if arguments.blocks:
        print("\n" + "\n".join(block_lines(profile, arguments.blocks)))
    return 0


def _refuse_one_file_for_two(arguments: argparse.Namespace) -> None:
    """Raises: UsageError when two outputs have the same file."""
    from hatch_zkwasm.errors import UsageError
    from zkwasm_compiler.errors import Problem

    written: dict[Path, str] = {}
    for option in ("html", "speedscope", "folded"):
        path = getattr(arguments, option)
        if path is None:
            continue
        other = written.setdefault(path.resolve(), option)
        if other != option:
            message = f"cannot be written by both --{other} and --{option}; give each a file of its own"
            raise UsageError(Problem(message, file=str(path)))


def _measure(arguments: argparse.Namespace) -> tuple[str, Profile]:
    """Run the program; says what was run."""
    from hatch_zkwasm.progress import ProgressLine
    from hatch_zkwasm.targets import choose_run, load_target
    from zkwasm_simulator.profile.measuring import profile_run

    program = load_target(arguments)
    run = choose_run(program, arguments)
    with ProgressLine() as progress:
        profile = profile_run(
            program,
            inputs=run.inputs,
            step_limit=arguments.step_limit,
            skip_address_check=run.skip_address_check,
            progress=progress,
        )
    return run.title, replace(profile, instructions=_instructions(arguments))


def _instructions(arguments: argparse.Namespace) -> Mapping[int, str]:
    """The instructions of the module that is profiled; none of a program that was compiled before or is linked."""
    from hatch_zkwasm.sources import MODULE_SUFFIXES, read_module
    from zkwasm_simulator.profile.instructions import instructions_of

    if arguments.file.suffix.lower() not in MODULE_SUFFIXES or arguments.links:
        return {}
    return instructions_of(read_module(arguments.file))


def _write_files(arguments: argparse.Namespace, title: str, profile: Profile) -> None:
    from hatch_zkwasm.writing import write_files
    from zkwasm_simulator.profile.exports import folded_stacks, speedscope_json
    from zkwasm_simulator.profile.page import profile_page

    files: dict[Path, bytes] = {}
    if arguments.html is not None:
        files[arguments.html] = profile_page(profile, title).encode()
    if arguments.speedscope is not None:
        files[arguments.speedscope] = speedscope_json(profile, title).encode()
    if arguments.folded is not None:
        files[arguments.folded] = folded_stacks(profile).encode()
    write_files(files)
