"""`[tool.zkwasm]` of a `pyproject.toml`, read into frozen dataclasses (docs/configuration.md).

`load_configuration` reads the file, `parse_configuration` a table that was already read. Both raise one
`ConfigurationError` that carries every problem, each with the full TOML path of what is wrong.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from hatch_zkwasm.clock import LIMIT, nanoseconds
from hatch_zkwasm.errors import UsageError
from hatch_zkwasm.toml_table import TableReader, type_name
from zkwasm_compiler.asm.dialect import DEFAULT_DIALECT
from zkwasm_compiler.errors import ConfigurationError, Problem
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.ir.memory_layout import AUTO, CHOICES
from zkwasm_compiler.isa import DIALECTS

FILE_NAME = "pyproject.toml"
TABLE = "tool.zkwasm"
SOURCE_SUFFIXES = (".wasm", ".wat")
OPTIMIZATION_LEVELS = (0, 3)
DEFAULT_OPTIMIZATION_LEVEL = 2

_PROGRAM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PROGRAM_KEYS = (
    "source",
    "link",
    "exports",
    "optimization-level",
    "memory-layout",
    "arguments",
    "environment",
    "clock",
    "random-seed",
    "examples",
)
_EXAMPLE_KEYS = (
    *("call", "args", "result", "results", "trap", "exit-code"),
    *("private-input", "public-input", "public-output"),
)
_DATA_KINDS = ("hex", "text", "file")
LARGEST_EXIT_CODE = 255


@dataclass(frozen=True, slots=True)
class Example:
    """A call that the build makes, and what has to come of it.

    `results` are the expected values, empty for a function without results; `trap` names the expected trap instead.
    `exit_code` is how the program has to end itself. The inputs are what it reads, `public_output` what it has
    to write. `path` is the TOML path, for messages.
    """

    call: str
    arguments: tuple[int | float, ...] = ()
    results: tuple[int | float, ...] = ()
    trap: str | None = None
    path: str = ""
    exit_code: int = 0
    private_input: bytes = b""
    public_input: bytes = b""
    public_output: bytes | None = None


@dataclass(frozen=True, slots=True)
class ProgramConfiguration:
    """One program: `source` is relative to the project, with `/`; `exports` is None for all exported functions. `links`
    has the modules to link, as names and paths like `source`; `clock` is in nanoseconds since 1970."""

    name: str
    source: str
    exports: tuple[str, ...] | None = None
    optimization_level: int = DEFAULT_OPTIMIZATION_LEVEL
    examples: tuple[Example, ...] = ()
    path: str = ""
    memory_layout: str = AUTO
    links: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    clock: int | None = None
    random_seed: int | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """The programs of a project; `output` is the folder of what is compiled, relative to `root`, with `/`."""

    root: Path
    output: str
    programs: tuple[ProgramConfiguration, ...]

    @property
    def output_folder(self) -> Path:
        return self.root / self.output


def load_configuration(project: Path) -> Configuration:
    """The configuration of the project in folder `project` (or of the `pyproject.toml` given).

    Raises: ConfigurationError with every problem.
    """
    file = project if project.name == FILE_NAME else project / FILE_NAME
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = "there is no such file; run in a project's folder or name the folder"
        raise UsageError(Problem(message, file=str(file))) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(Problem(f"cannot be read: {error}", file=str(file))) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(Problem(f"is not valid TOML: {error}", file=str(file))) from None
    tool = document.get("tool")
    table = tool.get("zkwasm") if isinstance(tool, dict) else None
    return parse_configuration(table, file.parent, file=str(file))


def parse_configuration(table: object, root: Path, *, file: str = FILE_NAME) -> Configuration:
    """The configuration that `table`, the value of `tool.zkwasm`, means for the project in `root`.

    Raises: ConfigurationError with every problem.
    """
    if table is None:
        message = f"[{TABLE}] is missing; it holds `output` and a table [{TABLE}.programs.<name>] for each program"
        raise ConfigurationError(Problem(message, file=file, code="configuration"))
    if not isinstance(table, Mapping):
        raise ConfigurationError(
            Problem(f"{TABLE}: must be a table, found {type_name(table)}", file=file, code="configuration")
        )
    problems: list[Problem] = []
    reader = TableReader(table, TABLE, file, problems)
    reader.allow(("output", "optimization-level", "memory-layout", "dialect", "programs"))
    output = _relative_path(reader, "output", "name the folder inside the package, such as src/package/programs")
    level = _optimization_level(reader, DEFAULT_OPTIMIZATION_LEVEL)
    layout = reader.choice("memory-layout", default=AUTO, choices=CHOICES)
    # That of .zkasm sources, which the assembler and the editor look up themselves.
    reader.choice("dialect", default=DEFAULT_DIALECT, choices=tuple(DIALECTS))
    named = reader.named_tables("programs")
    if not named and not problems:
        reader.problem(f"names no program; add a table [{TABLE}.programs.<name>] with its `source`", "programs")
    programs = tuple(_program(name, program, root, level, layout) for name, program in named)
    _report_names_that_collide(reader, [program.name for program in programs])
    if problems:
        raise ConfigurationError(*problems)
    return Configuration(root, output, programs)


def _program(
    name: str, reader: TableReader, root: Path, default_level: int, default_layout: str
) -> ProgramConfiguration:
    if not _PROGRAM_NAME.fullmatch(name):
        reader.problem("a program's name becomes a file name: use letters, digits, - and _")
    reader.allow(_PROGRAM_KEYS)
    source = _module(reader, "source", root, "name the .wasm or .wat file to compile")
    links = reader.inner("link")
    exports: tuple[str, ...] | None = None
    if "exports" in reader.table:
        exports = reader.strings("exports")
        if reader.table["exports"] == []:
            reader.problem("must name at least one function; leave it out to take all exported functions", "exports")
        for export in sorted({export for export in exports if exports.count(export) > 1}):
            reader.problem(f"names {export!r} more than once", "exports")
    return ProgramConfiguration(
        name=name,
        source=source,
        exports=exports,
        optimization_level=_optimization_level(reader, default_level),
        examples=tuple(_example(example, exports, root) for example in reader.tables("examples")),
        path=reader.path,
        memory_layout=reader.choice("memory-layout", default=default_layout, choices=CHOICES),
        arguments=reader.strings("arguments"),
        environment=_environment(reader.inner("environment")),
        clock=_clock(reader),
        random_seed=(
            reader.integer("random-seed", default=0, lowest=0, highest=LIMIT - 1)
            if "random-seed" in reader.table
            else None
        ),
        links=tuple((key, _module(links, key, root, "name the file to link")) for key in links.table),
    )


def _environment(reader: TableReader) -> tuple[str, ...]:
    """Entries NAME=value of a table with a string for each name."""
    for key, value in reader.table.items():
        if not isinstance(value, str):
            reader.problem(f"must be a string, found {type_name(value)}", key)
        if "=" in key or not key:
            reader.problem("a name in an environment is not empty and holds no =", key)
    return tuple(f"{key}={value}" for key, value in reader.table.items())


def _clock(reader: TableReader) -> int | None:
    """A time as TOML or as a string writes it, or nanoseconds since 1970."""
    value = reader.table.get("clock")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | datetime):
        reader.problem(
            f"must be a time such as 2026-01-01T00:00:00Z, a string or an integer, found {type_name(value)}", "clock"
        )
        return None
    try:
        return nanoseconds(value)
    except ValueError as error:
        reader.problem(str(error), "clock")
        return None


def _module(reader: TableReader, key: str, root: Path, required: str) -> str:
    """The path of a module at `key`, which has to be there."""
    source = _relative_path(reader, key, required)
    if source and PurePosixPath(source).suffix not in SOURCE_SUFFIXES:
        reader.problem(f"must end in .wasm or .wat, found {source!r}", key)
    elif source and not (root / source).is_file():
        reader.problem(f"there is no file {source}", key)
    return source


def _example(reader: TableReader, exports: tuple[str, ...] | None, root: Path) -> Example:
    reader.allow(_EXAMPLE_KEYS)
    call = reader.string("call", required="name the exported function to call")
    if call and exports is not None and call not in exports:
        reader.problem(f"{call!r} is not in `exports` ({', '.join(exports)})", "call")
    outcomes = [key for key in ("result", "results", "trap", "exit-code") if key in reader.table]
    if len(outcomes) > 1:
        reader.problem(
            f"has {' and '.join(f'`{key}`' for key in outcomes)}; give one of result, results, trap and exit-code"
        )
    results: tuple[int | float, ...] = ()
    if "result" in reader.table:
        value = reader.table["result"]
        if isinstance(value, int | float) and not isinstance(value, bool):
            results = (value,)
        else:
            reader.problem(f"must be an integer or a float, found {type_name(value)}", "result")
    elif "results" in reader.table:
        results = reader.numbers("results")
    trap = reader.string("trap") if "trap" in reader.table else None
    kinds = [kind.message for kind in Trap]
    if trap and trap not in kinds:
        reader.problem(f"there is no trap {trap!r}; the kinds are {', '.join(kinds)}", "trap")
    return Example(
        call,
        reader.numbers("args"),
        results,
        trap,
        reader.path,
        exit_code=reader.integer("exit-code", default=0, lowest=0, highest=LARGEST_EXIT_CODE),
        private_input=_data(reader, "private-input", root),
        public_input=_data(reader, "public-input", root),
        public_output=_data(reader, "public-output", root) if "public-output" in reader.table else None,
    )


def _data(reader: TableReader, key: str, root: Path) -> bytes:
    """Bytes: `{ hex = "…" }`, `{ text = "…" }` or `{ file = "…" }`, a file below the project's folder."""
    if key not in reader.table:
        return b""
    table = reader.inner(key)
    table.allow(_DATA_KINDS)
    if len(table.table) != 1:
        reader.problem(f"must be a table with one of {', '.join(_DATA_KINDS)}, found {len(table.table)} keys", key)
        return b""
    (kind,) = table.table
    if kind == "file":
        name = _relative_path(table, "file", "name the file")
        if name and not (root / name).is_file():
            table.problem(f"there is no file {name}", "file")
            return b""
        return (root / name).read_bytes() if name else b""
    value = table.table[kind]
    if not isinstance(value, str):
        table.problem(f"must be a string, found {type_name(value)}", kind)
        return b""
    if kind == "text":
        return value.encode()
    try:
        return bytes.fromhex(value)
    except ValueError:
        table.problem(f"must be bytes in hexadecimal digits, two each, found {value!r}", kind)
        return b""


def _optimization_level(reader: TableReader, default: int) -> int:
    lowest, highest = OPTIMIZATION_LEVELS
    return reader.integer("optimization-level", default=default, lowest=lowest, highest=highest)


def _relative_path(reader: TableReader, key: str, required: str) -> str:
    """The path at `key`, which has to stay inside the project, in its shortest form with `/`."""
    value = reader.string(key, required=required)
    if not value:
        return ""
    if "\\" in value:
        reader.problem(f"write the path with / on every system, found {value!r}", key)
        return ""
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or ":" in value or path == PurePosixPath():
        reader.problem(f"must be a path below the project's folder, found {value!r}", key)
        return ""
    return path.as_posix()


def _report_names_that_collide(reader: TableReader, names: list[str]) -> None:
    """Names that differ only in case are one file on some systems."""
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(name.lower(), name)
        if first != name:
            reader.problem(f"{first!r} and {name!r} differ only in case, which some file systems ignore", "programs")


def check_hook_options(options: Mapping[str, Any], path: str, *, file: str = FILE_NAME) -> None:
    """Refuse options of the hook's own table: the programs belong in `[tool.zkwasm]`.

    Raises: ConfigurationError with every problem.
    """
    reserved = ("dependencies", "enable-by-default", "require-runtime-dependencies", "require-runtime-features")
    problems: list[Problem] = []
    reader = TableReader(options, path, file, problems)
    for key in options:
        if key not in reserved:
            reader.problem(f"the hook has no options of its own; programs are configured in [{TABLE}]", key)
    if problems:
        raise ConfigurationError(*problems)
