"""`zkwasm explain`: what each stage of the compiler makes of a function."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hatch_zkwasm.commands.compile import add_compile_options

NAME = "explain"
HELP = "show what each stage of the compiler makes of a function"
DESCRIPTION = "Print a function as WebAssembly, SSA, optimised SSA, steps, allocated steps and zkASM."
EPILOG = """\
examples:
  zkwasm explain gcd.wat
  zkwasm explain lib.wasm --function gcd -O0
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="IN.wasm|IN.wat", type=Path, help="the module")
    parser.add_argument(
        "--function", "-f", metavar="NAME", help="an exported or internal name (default: the first export)"
    )
    add_compile_options(parser)


def execute(arguments: argparse.Namespace) -> int:
    from hatch_zkwasm.commands.compile import host_options, parse_links
    from hatch_zkwasm.errors import as_usage
    from hatch_zkwasm.sources import read_module, require_module, with_file
    from zkwasm_compiler import CompileOptions
    from zkwasm_compiler.errors import InputError
    from zkwasm_compiler.explain import explain

    path: Path = arguments.file
    require_module(path)
    options = CompileOptions(
        exports=tuple(arguments.exports) if arguments.exports else None,
        optimization_level=arguments.optimization_level,
        name=path.stem,
        memory_layout=arguments.memory_layout,
        links={name: read_module(library) for name, library in parse_links(arguments).items()},
    ).with_hosts(host_options(arguments))
    try:
        with as_usage():
            text = explain(read_module(path), arguments.function, options)
    except InputError as error:
        raise with_file(error, str(path), str(path)) from error
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    return 0
