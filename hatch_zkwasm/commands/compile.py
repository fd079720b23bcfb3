"""`zkwasm compile`: compile a WebAssembly module to zkASM and ROM JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_zkwasm.clock import nanoseconds, seed

if TYPE_CHECKING:
    from zkwasm_compiler import HostOptions

NAME = "compile"
HELP = "compile a .wasm or .wat module to a zkASM program"
DESCRIPTION = "Compile a WebAssembly module to a zkASM program whose every run can be proved."
EPILOG = """\
examples:
  zkwasm compile gcd.wat                                print the zkASM
  zkwasm compile gcd.wasm -o gcd.zkasm --rom gcd.rom.json
  zkwasm compile lib.wasm -e gcd -e modpow -O3 -o lib.zkasm
  zkwasm compile text.wasm --memory-layout bytes -o text.zkasm
  zkwasm compile main.wasm --link env=library.wasm -o main.zkasm

Both files say how the functions are called: `zkwasm run gcd.zkasm --call gcd 48 18`. With
gcd.map.json beside them (`--map`), errors name the instruction of the module.
"""

MEMORY_LAYOUTS = ("auto", "words", "bytes")
"""The compiler's choices, known here without importing it."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="IN.wasm|IN.wat", type=Path, help="the module")
    parser.add_argument(
        "-o", "--output", metavar="OUT.zkasm", help="write the zkASM here (default: print it, unless --rom is given)"
    )
    parser.add_argument("--rom", metavar="OUT.json", help="write the assembled ROM JSON here")
    parser.add_argument(
        "--map", metavar="OUT.map.json", help="write here which instruction of the module each row was compiled from"
    )
    add_compile_options(parser)
    parser.add_argument("--json", action="store_true", help="print exports and size as JSON instead of the zkASM")


def add_compile_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that compiles."""
    parser.add_argument(
        "-e",
        "--export",
        metavar="NAME",
        action="append",
        dest="exports",
        help="an exported function to prove, again for more (default: all)",
    )
    parser.add_argument(
        "-O",
        type=int,
        choices=range(4),
        default=2,
        dest="optimization_level",
        help="optimisation level (default: 2; 3 takes minutes for a few percent)",
    )
    add_links(parser)
    add_host_options(parser)
    parser.add_argument(
        "--memory-layout",
        choices=MEMORY_LAYOUTS,
        default=MEMORY_LAYOUTS[0],
        help="what a cell of the memory holds: one byte or a word of four (default: auto, what takes fewer steps)",
    )


def add_links(parser: argparse.ArgumentParser) -> None:
    """`--link`, which `parse_links` reads."""
    parser.add_argument(
        "--link",
        metavar="NAME=FILE",
        action="append",
        default=[],
        dest="links",
        help="serve the imports from module NAME with the exports of a .wasm or .wat file, again for more",
    )


def add_host_options(parser: argparse.ArgumentParser) -> None:
    """What a program is told, which `host_options` reads."""
    parser.add_argument(
        "--argument",
        metavar="TEXT",
        action="append",
        default=[],
        dest="program_arguments",
        help="an argument of a WASI program, again for more; the first is its name (default: none)",
    )
    parser.add_argument(
        "--env",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        dest="environment",
        help="a variable in the environment of a WASI program, again for more (default: none)",
    )
    parser.add_argument(
        "--clock",
        metavar="TIME",
        type=_option(nanoseconds),
        help="the time that a program reads from its clock, which stands still: nanoseconds since 1970 or a time such "
        "as 2026-01-01T00:00:00Z (default: none, and a program that asks for it is refused)",
    )
    parser.add_argument(
        "--random-seed",
        metavar="N",
        type=_option(seed),
        help="what the random numbers of a program are made of, which are known to everybody: up to 64 bits (default: "
        "none, and a program that asks for them is refused)",
    )


def _option(read: Callable[[str], int]) -> Callable[[str], int]:
    """`read` for argparse, with what it says about a wrong value."""

    def parse(text: str) -> int:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse


def host_options(arguments: argparse.Namespace) -> HostOptions:
    """What the command line tells the program."""
    from zkwasm_compiler import HostOptions

    return HostOptions(
        arguments=tuple(arguments.program_arguments),
        environment=tuple(arguments.environment),
        clock=arguments.clock,
        random_seed=arguments.random_seed,
    )


def parse_links(arguments: argparse.Namespace) -> dict[str, Path]:
    """The modules to link by name, in their order. Raises: UsageError."""
    from hatch_zkwasm.errors import UsageError
    from hatch_zkwasm.sources import require_module
    from zkwasm_compiler.errors import Problem

    links: dict[str, Path] = {}
    for text in arguments.links:
        name, equals, file = text.partition("=")
        if not equals or not file:
            raise UsageError(Problem(f"--link {text}: write NAME=FILE, such as env=library.wasm"))
        if name in links:
            raise UsageError(Problem(f"--link {text}: {name!r} is linked already, to {links[name]}"))
        links[name] = Path(file)
        require_module(links[name])
    return links


def execute(arguments: argparse.Namespace) -> int:
    import json

    from hatch_zkwasm.errors import as_usage
    from hatch_zkwasm.sources import compile_file, require_module
    from hatch_zkwasm.values import signature
    from hatch_zkwasm.writing import STANDARD_OUTPUT, write_files
    from zkwasm_compiler.asm.interface import interface_to_json
    from zkwasm_compiler.asm.positions import positions_json
    from zkwasm_compiler.errors import InternalError

    path: Path = arguments.file
    require_module(path)
    with as_usage():
        program = compile_file(
            path,
            exports=arguments.exports,
            optimization_level=arguments.optimization_level,
            memory_layout=arguments.memory_layout,
            links=parse_links(arguments),
            hosts=host_options(arguments),
        )
    for warning in program.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    named = (arguments.output, arguments.rom, arguments.map)
    nowhere = named == (None, None, None) and not arguments.json
    outputs = [(STANDARD_OUTPUT if nowhere else arguments.output, program.source)]
    if arguments.rom is not None:
        outputs.append((arguments.rom, program.rom_json()))
    if arguments.map is not None:
        if program.positions is None:
            raise InternalError("the compiled program has no positions")
        outputs.append((arguments.map, positions_json(program.positions)))
    files = {Path(name): text.encode() for name, text in outputs if name not in (None, STANDARD_OUTPUT)}
    write_files(files)
    for name, text in outputs:
        if name == STANDARD_OUTPUT:
            sys.stdout.write(text)
    if program.interface is None:
        raise InternalError("the compiled program has no interface")
    if arguments.json:
        entry = {"rom-rows": len(program.rows), "interface": interface_to_json(program.interface)}
        print(json.dumps(entry, indent=2))
    elif files:
        exported = ", ".join(map(signature, program.interface.exports)) or "nothing"
        print(f"{path.name}: {len(program.rows)} instructions, exports {exported}", file=sys.stderr)
    return 0
