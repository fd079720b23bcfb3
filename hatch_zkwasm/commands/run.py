"""`zkwasm run`: run a program in the simulator and show what it costs to prove.

A module is compiled first, an assembly source assembled, a wheel opened. A program with an interface is called; a
hand-written one runs from its first row to `finalizeExecution`.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zkwasm_compiler.asm.program import Export, Interface, Program
    from zkwasm_simulator import CallResult, Execution

NAME = "run"
HELP = "run a program in the simulator and show its cost"
DESCRIPTION = """\
Run a .wasm, .wat, .zkasm or .rom.json program, or one that is packed in a wheel, in the simulator. Shown are the
result, the status word, and the cost: steps, how often each secondary machine is used, rows, and N, the length of the
proof.
"""
EPILOG = """\
examples:
  zkwasm run gcd.wat 48 18                       the module exports one function: no --call needed
  zkwasm run numbers.wasm --call gcd 0x30 -18
  zkwasm run dist/my_package-1.0-py3-none-any.whl --program numbers --call gcd 48 18
  zkwasm run hand_written.zkasm
  zkwasm run gcd.wat 48 18 --json
  zkwasm run check.wasm --call composite 91 --private-input 07000000
  zkwasm run filter.wasm --private-input @input.txt --public-output output.txt
  zkwasm run long.wasm --call work 1000000 --step-limit 2000000000

Integers are decimal, 0x…, 0o… or 0b…, signed or unsigned; floats are 1.5, -2e9, 0x1.8p3, inf,
nan or nan:0x1 (with a payload). Without --call, a
module that exports no function is instantiated, which runs its start function.
"""


SHOWN_BYTES = 64
"""So many bytes of the public output are shown."""


def configure(parser: argparse.ArgumentParser) -> None:
    from hatch_zkwasm.targets import add_step_limit, add_target

    add_target(parser, call="the exported function (default: the only one)")
    parser.add_argument(
        "--engine",
        choices=("auto", "jit", "reference"),
        default="auto",
        help="what executes the program: the reference interpreter, machine code (jit), or both, by the length of the "
        "run (default); results, counters and faults are the same",
    )
    add_step_limit(parser)
    parser.add_argument(
        "--public-output", metavar="FILE", help="write the bytes of the public output here, - is standard output"
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def execute(arguments: argparse.Namespace) -> int:
    from hatch_zkwasm.targets import choose_export, load_target

    program = load_target(arguments)
    if program.interface is None:
        return _execute(program, arguments)
    if not program.interface.exports and arguments.call is None and not arguments.arguments:
        return _instantiate(program, arguments)
    return _call(program, choose_export(program, arguments), arguments)


def _call(program: Program, export: Export, arguments: argparse.Namespace) -> int:
    """Call `export` and show what came of it."""
    import json

    from hatch_zkwasm.costs import cost_json, cost_lines
    from hatch_zkwasm.data import given_data
    from hatch_zkwasm.errors import as_usage
    from hatch_zkwasm.progress import ProgressLine
    from hatch_zkwasm.values import call_text, json_value, parse_arguments, values_text
    from zkwasm_simulator import Instance

    with as_usage():
        values = parse_arguments(export, arguments.arguments)
    private, public = given_data(program, arguments)
    with ProgressLine() as progress:
        instance = Instance(program, step_limit=arguments.step_limit, engine=arguments.engine, progress=progress)
        result = instance.call(export.name, *values, private_input=private, public_input=public)
        counters = result.counters
    if result.trap is not None:
        outcome: dict[str, Any] = {"trap": result.trap.message}
        text = f" traps: {result.trap.message}"
        if result.position is not None:
            outcome["position"] = asdict(result.position)
            text += f" (in {result.position})"
    elif result.exit_code:
        outcome = {"exit-code": result.exit_code}
        text = f" ends with exit code {result.exit_code}"
    else:
        outcome = {"results": list(map(json_value, export.results, result.values))}
        text = f" = {values_text(export, result.values)}" if export.results else " returns"
    outcome |= _said(program.interface, result)
    _write_output(arguments.public_output, result.public_output)
    if arguments.json:
        call = {"call": export.name, "arguments": list(map(json_value, export.parameters, values))}
        print(json.dumps(call | outcome | {"status": result.status} | cost_json(counters), indent=2))
    else:
        for line in result.log:
            print(line, end="" if line.endswith("\n") else "\n", file=sys.stderr)
        print(f"{call_text(export, values)}{text}\nstatus {result.status}\n{_output_text(outcome)}")
        print("\n".join(cost_lines(counters)))
    return 0 if result.status == 0 else 1


def _said(interface: Interface | None, result: CallResult) -> dict[str, Any]:
    """The public output and the log, of a program that may have them."""
    said: dict[str, Any] = {}
    if interface is not None and interface.stream("output") is not None:
        said["public-output"] = result.public_output.hex()
    return said | ({"log": list(result.log)} if result.log else {})


def _output_text(outcome: dict[str, Any]) -> str:
    digits = outcome.get("public-output", "")
    if not digits:
        return ""
    shown = digits if len(digits) <= 2 * SHOWN_BYTES else f"{digits[: 2 * SHOWN_BYTES]}…"
    return f"public output, {len(digits) // 2} bytes: {shown}\n"


def _write_output(name: str | None, content: bytes) -> None:
    """Write the public output to a file, or to standard output."""
    from pathlib import Path

    from hatch_zkwasm.writing import STANDARD_OUTPUT, write_files

    if name == STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    elif name is not None:
        write_files({Path(name): content})


def _instantiate(program: Program, arguments: argparse.Namespace) -> int:
    """Instantiate a module that exports no function: run its start function."""
    import json

    from hatch_zkwasm.costs import cost_json, cost_lines
    from zkwasm_compiler.ir.function import Trap

    execution = _run(program, arguments)
    status = execution.registers["PC"]
    trap = None if status == 0 else Trap(status).message
    if arguments.json:
        outcome = {} if trap is None else {"trap": trap}
        print(json.dumps(outcome | {"status": status} | cost_json(execution.counters), indent=2))
    else:
        print("instantiated" if trap is None else f"instantiation traps: {trap}")
        print(f"status {status}\n")
        print("\n".join(cost_lines(execution.counters)))
    return 0 if trap is None else 1


def _execute(program: Program, arguments: argparse.Namespace) -> int:
    """Run a program without an interface from row 0 to `finalizeExecution` and show the registers."""
    import json

    from hatch_zkwasm.costs import cost_json, cost_lines

    execution = _run(program, arguments)
    registers = {name: _register_text(value) for name, value in execution.registers.items()}
    if arguments.json:
        print(json.dumps({"registers": registers} | cost_json(execution.counters), indent=2))
        return 0
    print("".join(f"{line}\n" for line in execution.log), end="")
    print("\n".join(f"{name:7} {value}" for name, value in registers.items()), end="\n\n")
    print("\n".join(cost_lines(execution.counters)))
    return 0


def _run(program: Program, arguments: argparse.Namespace) -> Execution:
    """Run a program without functions from row 0 as the options say."""
    from hatch_zkwasm.progress import ProgressLine
    from hatch_zkwasm.targets import choose_run
    from zkwasm_simulator import execute as run_program

    run = choose_run(program, arguments)
    with ProgressLine() as progress:
        return run_program(
            program,
            inputs=run.inputs,
            step_limit=arguments.step_limit,
            skip_address_check=run.skip_address_check,
            engine=arguments.engine,
            progress=progress,
        )


def _register_text(value: int | tuple[int, int]) -> str:
    """A wide register as a 64-bit number in hexadecimal, or as its limbs when they are not of 32 bits."""
    if isinstance(value, int):
        return str(value)
    low, high = value
    return f"{low | high << 32:#x}" if (low | high) >> 32 == 0 else f"[{high}, {low}]"
