"""What `zkwasm run` and `zkwasm audit` work on: a program from a file of any kind, and one of its exports.

Everything heavy is imported inside the functions.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_zkwasm.commands.compile import MEMORY_LAYOUTS, add_host_options, add_links, host_options, parse_links
from hatch_zkwasm.data import add_inputs, given_data

if TYPE_CHECKING:
    from zkwasm_compiler.asm.program import Export, Program
    from zkwasm_simulator import PublicInputs


def add_target(parser: argparse.ArgumentParser, *, call: str) -> None:
    """Declare the file, the function and its arguments; `call` is the help of `--call`."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a .wasm, .wat, .zkasm, .rom.json or .whl file")
    parser.add_argument("arguments", metavar="ARG", nargs="*", help="an argument of the function")
    parser.add_argument("--call", metavar="NAME", help=call)
    parser.add_argument(
        "--program", metavar="NAME", help="the program inside a wheel (default: the one that exports it)"
    )
    parser.add_argument("-O", type=int, choices=range(4), dest="optimization_level", help="as for compile")
    parser.add_argument("--memory-layout", choices=MEMORY_LAYOUTS, help="as for compile")
    add_links(parser)
    add_host_options(parser)
    add_inputs(parser)


def add_step_limit(parser: argparse.ArgumentParser) -> None:
    """Declare how long a run may be."""
    parser.add_argument(
        "--step-limit",
        metavar="STEPS",
        type=_positive,
        default=1 << 23,
        help="end the run with an error after so many steps (default: 2^23, what the public tables have room for)",
    )


def add_rows(parser: argparse.ArgumentParser) -> None:
    """Declare how many rows a trace has."""
    parser.add_argument(
        "--rows",
        metavar="N",
        type=_positive,
        help="a power of two (default: the smallest that holds the rows of every machine)",
    )


def _positive(text: str) -> int:
    """A number of steps on the command line."""
    value = int(text.replace("_", ""))
    if value < 1:
        raise ValueError
    return value


def count(text: str) -> int:
    """How many of something are shown: not a negative number."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is negative; 0 shows none")
    return value


def load_target(arguments: argparse.Namespace) -> Program:
    """The program that the command line names; its warnings are shown.

    Raises: InputError with every problem.
    """
    from hatch_zkwasm.sources import MODULE_SUFFIXES, WHEEL_SUFFIX, load_file, read_bytes

    read_bytes(arguments.file)  # a missing file is the first thing to complain about
    if not arguments.file.name.lower().endswith(MODULE_SUFFIXES):
        _refuse_compile_options(arguments)
    if arguments.file.suffix.lower() == WHEEL_SUFFIX:
        program = _from_wheel(arguments.file, arguments.program, arguments.call)
    else:
        program = load_file(
            arguments.file,
            optimization_level=2 if arguments.optimization_level is None else arguments.optimization_level,
            memory_layout=arguments.memory_layout or MEMORY_LAYOUTS[0],
            links=parse_links(arguments),
            hosts=host_options(arguments),
        )
    for warning in program.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return program


def _refuse_compile_options(arguments: argparse.Namespace) -> None:
    """Raises: UsageError when an option says how to compile what is compiled already."""
    from hatch_zkwasm.errors import UsageError
    from zkwasm_compiler.errors import Problem

    given = {
        "-O": arguments.optimization_level,
        "--memory-layout": arguments.memory_layout,
        "--link": arguments.links or None,
        "--argument": arguments.program_arguments or None,
        "--env": arguments.environment or None,
        "--clock": arguments.clock,
        "--random-seed": arguments.random_seed,
    }
    for option, value in given.items():
        if value is not None:
            message = (
                f"is no module to compile, so {option} has nothing to act on; compile the program with it, or leave"
            )
            raise UsageError(Problem(f"{message} it out", file=str(arguments.file)))


def _from_wheel(path: Path, name: str | None, call: str | None) -> Program:
    """The program `name` in the wheel, or the only one that can be meant."""
    from hatch_zkwasm.errors import UsageError
    from hatch_zkwasm.packed import load_packed, open_wheel
    from zkwasm_compiler.errors import Problem

    with open_wheel(path) as folders:
        if name is not None and name not in folders:
            message = f"packs no program {name!r}; it packs {', '.join(folders) or 'none'}"
            raise UsageError(Problem(message, file=str(path)))
        names = list(folders) if name is None else [name]
        programs = {each: load_packed(folders[each], each).program for each in names}
    fitting = {
        each: program
        for each, program in programs.items()
        if name is not None or call is None or (program.interface is not None and program.interface.export(call))
    }
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    if not fitting:
        message = f"packs no program that exports {call!r}" if programs else "packs no program"
    else:
        message = f"packs {', '.join(fitting)}; choose one with --program"
    raise UsageError(Problem(message, file=str(path)))


def choose_export(program: Program, arguments: argparse.Namespace) -> Export:
    """The export that `--call` names, or the only one."""
    from hatch_zkwasm.errors import UsageError
    from hatch_zkwasm.values import signature
    from zkwasm_compiler.errors import Problem

    exports = () if program.interface is None else program.interface.exports
    name = arguments.call
    chosen = [export for export in exports if name in (None, export.name)]
    if len(chosen) == 1:
        return chosen[0]
    offered = ", ".join(map(signature, exports)) or "nothing"
    file = str(arguments.file)
    if name is not None:
        raise UsageError(Problem(f"exports no function {name!r}; it exports {offered}", file=file))
    raise UsageError(Problem(f"choose a function with --call; the program exports {offered}", file=file))


@dataclass(frozen=True, slots=True)
class ChosenRun:
    """A provable run that the command line asks for: what it is called, its inputs, how addresses are checked."""

    title: str
    inputs: PublicInputs
    skip_address_check: bool


def choose_run(program: Program, arguments: argparse.Namespace) -> ChosenRun:
    """A call of the function that is named, or of the only one; a program without functions as it is.

    Raises: UsageError.
    """
    from hatch_zkwasm.errors import as_usage
    from hatch_zkwasm.values import call_text, parse_arguments
    from zkwasm_simulator import PublicInputs

    interface = program.interface
    if interface is None or not (interface.exports or arguments.call or arguments.arguments):
        refuse_call(arguments)
        return ChosenRun(arguments.file.name, PublicInputs(), interface is not None and interface.skip_address_check)
    export = choose_export(program, arguments)
    with as_usage():
        values = parse_arguments(export, arguments.arguments)
        inputs = PublicInputs.of_call(export, values).with_data(*given_data(program, arguments))
    return ChosenRun(f"{call_text(export, values)} of {arguments.file.name}", inputs, interface.skip_address_check)


def refuse_call(arguments: argparse.Namespace) -> None:
    """Raises: UsageError when a function of a program without an interface is to be called."""
    from hatch_zkwasm.errors import UsageError
    from zkwasm_compiler.errors import Problem

    if arguments.call is not None or arguments.arguments:
        message = "has no functions to call: nothing in it says how they would be called"
        raise UsageError(Problem(message, file=str(arguments.file)))
