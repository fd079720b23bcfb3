"""`zkwasm compile`: compile a WebAssembly module to zkASM, ROM JSON and a manifest."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

NAME = "compile"
HELP = "compile a .wasm or .wat module to a zkASM program"
DESCRIPTION = "Compile a WebAssembly module to a zkASM program whose every run can be proved."
EPILOG = """\
examples:
  zkwasm compile gcd.wat                                print the zkASM
  zkwasm compile gcd.wasm -o gcd.zkasm --rom gcd.rom.json
  zkwasm compile lib.wasm -e gcd -e modpow -O3 -o lib.zkasm

The zkASM says how its functions are called; for ROM JSON, which cannot, --manifest writes <name>.manifest.json, and
`zkwasm run <name>.rom.json --call gcd 48 18` reads it when it lies beside.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="IN.wasm|IN.wat", type=Path, help="the module")
    parser.add_argument(
        "-o", "--output", metavar="OUT.zkasm", help="write the zkASM here (default: print it, unless --rom is given)"
    )
    parser.add_argument("--rom", metavar="OUT.json", help="write the assembled ROM JSON here")
    parser.add_argument("--manifest", metavar="OUT.json", help="write here how the program is called, with hashes")
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


def execute(arguments: argparse.Namespace) -> int:
    import json

    from hatch_zkwasm.build import make_manifest
    from hatch_zkwasm.configuration import ProgramConfiguration
    from hatch_zkwasm.sources import compile_file, read_bytes, require_module
    from hatch_zkwasm.values import signature
    from hatch_zkwasm.writing import STANDARD_OUTPUT, write_files

    path: Path = arguments.file
    require_module(path)
    source = read_bytes(path)
    program = compile_file(path, exports=arguments.exports, optimization_level=arguments.optimization_level)
    exports = tuple(arguments.exports) if arguments.exports else None
    configuration = ProgramConfiguration(path.stem, path.name, exports, arguments.optimization_level)
    (zkasm, rom, manifest_bytes), manifest = make_manifest(configuration, source, program, [])
    outputs = [(arguments.output, zkasm), (arguments.rom, rom), (arguments.manifest, manifest_bytes)]
    files = {Path(name): data for name, data in outputs if name is not None and name != STANDARD_OUTPUT}
    write_files(files)
    for warning in program.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if arguments.json:
        print(json.dumps({key: manifest[key] for key in ("name", "rom-rows", "outputs", "interface")}, indent=2))
        return 0
    for name, data in outputs:
        if name == STANDARD_OUTPUT or (data is zkasm and not any(name for name, _ in outputs)):
            sys.stdout.write(data.decode())
    if files and program.interface is not None:
        exported = ", ".join(signature(export) for export in program.interface.exports) or "nothing"
        print(f"{path.name}: {len(program.rows)} instructions, exports {exported}", file=sys.stderr)
    return 0
