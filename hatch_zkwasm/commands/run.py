"""`zkwasm run`: run a program in the simulator and show what it costs to prove.

A module is compiled first, an assembly source assembled, a wheel opened. A program with an interface is called; a
hand-written one runs from its first row to `finalizeExecution`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_zkwasm.commands.compile import MEMORY_LAYOUTS

if TYPE_CHECKING:
    from zkwasm_compiler.asm.program import Export, Interface, Program

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

Integers are decimal, 0x…, 0o… or 0b…, signed or unsigned; floats are 1.5, -2e9, 0x1.8p3, inf or nan. Without --call, a
module that exports no function is instantiated, which runs its start function.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a .wasm, .wat, .zkasm, .rom.json or .whl file")
    parser.add_argument("arguments", metavar="ARG", nargs="*", help="an argument of the function")
    parser.add_argument("--call", metavar="NAME", help="the exported function (default: the only one)")
    parser.add_argument(
        "--program", metavar="NAME", help="the program inside a wheel (default: the one that exports it)"
    )
    parser.add_argument("-O", type=int, choices=range(4), default=2, dest="optimization_level", help="as for compile")
    parser.add_argument("--memory-layout", choices=MEMORY_LAYOUTS, default=MEMORY_LAYOUTS[0], help="as for compile")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def execute(arguments: argparse.Namespace) -> int:
    from hatch_zkwasm.sources import WHEEL_SUFFIX, load_file, read_bytes

    read_bytes(arguments.file)  # a missing file is the first thing to complain about
    if arguments.file.suffix.lower() == WHEEL_SUFFIX:
        program = _from_wheel(arguments.file, arguments.program, arguments.call)
    else:
        program = load_file(
            arguments.file,
            optimization_level=arguments.optimization_level,
            memory_layout=arguments.memory_layout,
        )
    for warning in program.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if program.interface is None:
        return _execute(program, arguments)
    if not program.interface.exports and arguments.call is None and not arguments.arguments:
        return _instantiate(program, program.interface, arguments)
    return _call(program, _choose(program, arguments), arguments)


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


def _call(program: Program, export: Export, arguments: argparse.Namespace) -> int:
    """Call `export` and show what came of it."""
    import json

    from hatch_zkwasm.costs import cost_json, cost_lines
    from hatch_zkwasm.errors import as_usage
    from hatch_zkwasm.values import call_text, json_value, parse_arguments, values_text
    from zkwasm_simulator import Instance

    with as_usage():
        values = parse_arguments(export, arguments.arguments)
    result = Instance(program).call(export.name, *values)
    counters = result.counters
    if result.trap is not None:
        outcome: dict[str, Any] = {"trap": result.trap.message}
        text = f" traps: {result.trap.message}"
    else:
        outcome = {"results": [json_value(value) for value in result.values]}
        text = f" = {values_text(result.values)}" if export.results else " returns"
    if arguments.json:
        call = {"call": export.name, "arguments": [json_value(value) for value in values]}
        print(json.dumps(call | outcome | {"status": result.status} | cost_json(counters), indent=2))
    else:
        print(f"{call_text(export.name, values)}{text}\nstatus {result.status}\n")
        print("\n".join(cost_lines(counters)))
    return 0 if result.trap is None else 1


def _instantiate(program: Program, interface: Interface, arguments: argparse.Namespace) -> int:
    """Instantiate a module that exports no function: run its start function."""
    import json

    from hatch_zkwasm.costs import cost_json, cost_lines
    from zkwasm_compiler.ir.function import Trap
    from zkwasm_simulator import execute as run_program

    execution = run_program(program, skip_address_check=interface.skip_address_check)
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


def _choose(program: Program, arguments: argparse.Namespace) -> Export:
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


def _execute(program: Program, arguments: argparse.Namespace) -> int:
    """Run a program without an interface from row 0 to `finalizeExecution` and show the registers."""
    import json

    from hatch_zkwasm.costs import cost_json, cost_lines
    from hatch_zkwasm.errors import UsageError
    from zkwasm_compiler.errors import Problem
    from zkwasm_simulator import execute as run_program

    if arguments.call is not None or arguments.arguments:
        message = "has no functions to call: nothing in it says how they would be called"
        raise UsageError(Problem(message, file=str(arguments.file)))
    execution = run_program(program)
    registers = {name: _register_text(value) for name, value in execution.registers.items()}
    if arguments.json:
        print(json.dumps({"registers": registers} | cost_json(execution.counters), indent=2))
        return 0
    print("".join(f"{line}\n" for line in execution.log), end="")
    print("\n".join(f"{name:7} {value}" for name, value in registers.items()), end="\n\n")
    print("\n".join(cost_lines(execution.counters)))
    return 0


def _register_text(value: int | tuple[int, int]) -> str:
    """A wide register as a 64-bit number in hexadecimal, or as its limbs when they are not of 32 bits."""
    if isinstance(value, int):
        return str(value)
    low, high = value
    return f"{low | high << 32:#x}" if (low | high) >> 32 == 0 else f"[{high}, {low}]"
