"""`zkwasm inputs`: write the files that a prover needs for one call."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatch_zkwasm.targets import ChosenRun
    from zkwasm_simulator import Execution

NAME = "inputs"
HELP = "write the files that a prover needs for a call"
DESCRIPTION = """\
Run a program to the last row of its trace and write what a prover needs for that run: rom.json, the assembled program;
input.json, the input of the public executor; manifest.json with the public numbers of the proof, its length, its cost
and the hashes of the other files. The same call gives the same bytes.
"""
EPILOG = """\
examples:
  zkwasm inputs gcd.wat 48 18 -o proof
  zkwasm inputs dist/my_package-1.0-py3-none-any.whl --call gcd 48 18 -o proof

docs/public-interface.md says what the public numbers mean.
"""

ROM_FILE, INPUT_FILE, MANIFEST_FILE = "rom.json", "input.json", "manifest.json"
FORMAT = 1


def configure(parser: argparse.ArgumentParser) -> None:
    from hatch_zkwasm.targets import add_step_limit, add_target

    add_target(parser, call="the exported function (default: the only one)")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="where the files go")
    add_step_limit(parser)


def execute(arguments: argparse.Namespace) -> int:
    from hatch_zkwasm.manifest import sha256
    from hatch_zkwasm.progress import ProgressLine
    from hatch_zkwasm.targets import choose_run, load_target
    from hatch_zkwasm.writing import write_files
    from zkwasm_simulator.prover_inputs import complete_execution, executor_input_text

    program = load_target(arguments)
    run = choose_run(program, arguments)
    with ProgressLine() as progress:
        execution = complete_execution(
            program,
            run.inputs,
            step_limit=arguments.step_limit,
            skip_address_check=run.skip_address_check,
            progress=progress,
        )
    contents = {
        ROM_FILE: program.rom_json().encode(),
        INPUT_FILE: executor_input_text(run.inputs).encode(),
    }
    hashes = {name: sha256(content) for name, content in contents.items()}
    contents[MANIFEST_FILE] = _manifest(run, execution, hashes).encode()
    write_files({arguments.output / name: content for name, content in contents.items()})
    print(f"{run.title}: {', '.join(contents)} in {arguments.output}")
    return 0


def _manifest(run: ChosenRun, execution: Execution, hashes: dict[str, str]) -> str:
    import json

    from hatch_zkwasm.costs import cost_json
    from hatch_zkwasm.manifest import MACHINE
    from zkwasm_simulator.prover_inputs import public_json

    assert execution.public is not None
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "machine": MACHINE,
        "run": run.title,
        "files": hashes,
        "skip-address-check": run.skip_address_check,
        "public": public_json(execution, run.inputs),
        **cost_json(execution.counters),
        "n": execution.public.n,
    }
    return json.dumps(manifest, indent=1) + "\n"
