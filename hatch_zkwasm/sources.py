"""A program from a file of any kind that the command line and the build take: .wasm, .wat, .zkasm, .rom.json.

Everything heavy is imported inside the functions: which of the decoder, the compiler and the assembler is needed
depends on the file.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_zkwasm.errors import UsageError
from hatch_zkwasm.manifest import MAP_SUFFIX, ROM_SUFFIX, ZKASM_SUFFIX
from zkwasm_compiler.asm.options import AssembleOptions
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import InputError, Problem
from zkwasm_compiler.ir.memory_layout import AUTO

if TYPE_CHECKING:
    from zkwasm_compiler import HostOptions

MODULE_SUFFIXES = (".wasm", ".wat")
WHEEL_SUFFIX = ".whl"


def read_bytes(path: Path) -> bytes:
    """The content of `path`.

    Raises: UsageError when it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(Problem("there is no such file", file=str(path))) from None
    except OSError as error:
        raise UsageError(Problem(f"cannot be read: {error.strerror}", file=str(path))) from None


def read_text(path: Path) -> str:
    """The UTF-8 text of `path`.

    Raises: InputError when it cannot be read.
    """
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(Problem("is not UTF-8 text", file=str(path), byte_offset=error.start)) from None


def require_module(path: Path) -> None:
    """Raises: UsageError unless `path` is named as a WebAssembly module."""
    if path.suffix.lower() not in MODULE_SUFFIXES:
        raise UsageError(
            Problem(f"is not a WebAssembly module by its name: {', '.join(MODULE_SUFFIXES)}", file=str(path))
        )


def read_module(path: Path) -> bytes:
    """The WebAssembly binary of a `.wasm` or `.wat` file."""
    if path.suffix.lower() == ".wat":
        from zkwasm_compiler.wasm.text import wat_to_wasm

        return wat_to_wasm(read_text(path), str(path))
    return read_bytes(path)


def compile_file(
    path: Path,
    *,
    exports: Sequence[str] | None,
    optimization_level: int,
    memory_layout: str = AUTO,
    links: Mapping[str, Path] | None = None,
    hosts: HostOptions | None = None,
    shown_as: str = "",
) -> Program:
    """The program that the `.wasm` or `.wat` file at `path` compiles to; problems name it `shown_as`. `links` are the
    files of modules to link, by the module names of the imports that they serve; `hosts` is what the program is told.

    Raises: InputError with every problem.
    """
    from zkwasm_compiler import CompileOptions, HostOptions, compile_module

    name = path.name.removesuffix(path.suffix)
    options = CompileOptions(
        exports=None if exports is None else tuple(exports),
        optimization_level=optimization_level,
        name=name,
        memory_layout=memory_layout,
        links={name: read_module(library) for name, library in (links or {}).items()},
    ).with_hosts(hosts or HostOptions())
    try:
        return compile_module(read_module(path), options)
    except InputError as error:
        raise with_file(error, str(path), shown_as or str(path)) from error


def with_file(error: InputError, path: str, shown_as: str) -> InputError:
    """`error` with each problem naming the file `shown_as`, where it named none or `path`."""
    problems = [replace(p, file=shown_as) if p.file in ("", path) else p for p in error.problems]
    return type(error)(*problems)


def load_file(
    path: Path,
    *,
    optimization_level: int,
    memory_layout: str = AUTO,
    links: Mapping[str, Path] | None = None,
    hosts: HostOptions | None = None,
) -> Program:
    """The program in `path`, compiled or assembled if need be; the others are as for `compile_file`.

    Raises: InputError with every problem.
    """
    name = path.name.lower()
    if name.endswith(MODULE_SUFFIXES):
        return compile_file(
            path,
            exports=None,
            optimization_level=optimization_level,
            memory_layout=memory_layout,
            links=links,
            hosts=hosts,
        )
    if name.endswith(ZKASM_SUFFIX):
        return _with_positions(assemble(path)[0], path, ZKASM_SUFFIX)
    if name.endswith(ROM_SUFFIX):
        from zkwasm_compiler.asm import load_rom

        return _with_positions(load_rom(read_text(path), str(path)), path, ROM_SUFFIX)
    allowed = ", ".join((*MODULE_SUFFIXES, ZKASM_SUFFIX, ROM_SUFFIX, WHEEL_SUFFIX))
    raise UsageError(Problem(f"is not a file of a known kind: {allowed}", file=str(path)))


def _with_positions(program: Program, path: Path, suffix: str) -> Program:
    """The program with the positions that a file beside it has, if there is one and it is about this program."""
    from zkwasm_compiler.asm.positions import positions_from_json

    beside = path.with_name(path.name[: -len(suffix)] + MAP_SUFFIX)
    if not beside.exists():
        return program
    positions = positions_from_json(read_text(beside))
    if positions.length != len(program.rows):
        print(f"note: {beside} is about a program of {positions.length} rows, not about {path.name}", file=sys.stderr)
        return program
    return replace(program, positions=positions)


def assemble(path: Path, options: AssembleOptions | None = None) -> tuple[Program, tuple[Problem, ...]]:
    """The program that the zkASM source at `path` assembles to, and the warnings.

    Problems and warnings name files by their paths. Says so when the dialect was chosen by what the source uses.

    Raises: UsageError when `path` itself cannot be read, InputError with every problem of the source.
    """
    from zkwasm_compiler.asm import check_file
    from zkwasm_compiler.errors import AssemblyError

    read_text(path)
    checked = check_file(path, options)
    problems, warnings = _with_paths(path, checked.problems), _with_paths(path, checked.warnings)
    if checked.choice.evidence is not None:
        (evidence,) = _with_paths(path, (checked.choice.evidence,))
        dialect = checked.choice.dialect
        note = f"dialect {dialect}, for in 64 {evidence}; begin with `;@ dialect {dialect}` to name it"
        print(f"note: {note}", file=sys.stderr)
    if checked.program is None:
        raise AssemblyError(*problems)
    return checked.program, warnings


def _with_paths(main: Path, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Problems that name their files by paths instead of relative to the main file."""
    return tuple(replace(problem, file=str(main.parent / problem.file)) for problem in problems)
