"""The assembler's entry points: source text, file or syntax tree to `Program`."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from zkwasm_compiler.asm.interface import directive, interface_of
from zkwasm_compiler.asm.options import AssembleOptions
from zkwasm_compiler.asm.parser import parse_source
from zkwasm_compiler.asm.printer import lay_out
from zkwasm_compiler.asm.program import ConstantEntry, Interface, Program, Variable
from zkwasm_compiler.asm.report import Unit, unit_of
from zkwasm_compiler.asm.resolver import IncludeResolver, Resolver
from zkwasm_compiler.asm.source import Lines, SourceFile
from zkwasm_compiler.asm.syntax import CommentStatement, Tree
from zkwasm_compiler.errors import AssemblyError, InputError, Problem
from zkwasm_compiler.isa import machine_of_dialect

# Problems that a statement lost to a syntax error may have caused; they would only distract from it.
_CONSEQUENCES = frozenset(
    {
        "label_undefined",
        "variable_undefined",
        "reference_undefined",
        "constant_undefined",
        "tag_reference_undefined",
        "command_before_label",
        "command_before_var",
        "command_before_include",
    }
)


SourceReader = Callable[[Path], str]
"""From a path to the text of that file, line ends as they are; raises OSError or UnicodeError when there is none."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of assembling, good or bad: `program` is None when there are problems.

    `files` are the parsed files in the order in which they were first reached, each once, the main file first; a built
    tree has none. What was found out about the program is there also when it has problems.
    """

    program: Program | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    files: tuple[SourceFile, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)
    constants: Mapping[str, ConstantEntry] = field(default_factory=dict)
    variables: tuple[Variable, ...] = ()


def parse(source: str, file_name: str = "main.zkasm", *, dialect: str = "64") -> SourceFile:
    """Parse one file without its includes. It never raises on bad source: `problems` has every syntax error."""
    with _no_cycle_collection():
        return parse_source(source, file_name, machine_of_dialect(dialect))


def assemble(
    source: str,
    *,
    file_name: str = "main.zkasm",
    resolve_include: IncludeResolver | None = None,
    options: AssembleOptions | None = None,
) -> Program:
    """Assemble a source text.

    `resolve_include` gets the name of the including file and the path as written, and returns the name and the text of
    the included file; without it an INCLUDE is an error. *Raises:* AssemblyError with all problems of all files.
    """
    return _program(check(source, file_name=file_name, resolve_include=resolve_include, options=options))


def check(
    source: str,
    *,
    file_name: str = "main.zkasm",
    resolve_include: IncludeResolver | None = None,
    options: AssembleOptions | None = None,
) -> Checked:
    """As `assemble`, but it returns problems and warnings with their places instead of raising."""
    with _no_cycle_collection():
        return _check(source, file_name, resolve_include, options or AssembleOptions())


def _check(source: str, file_name: str, resolve_include: IncludeResolver | None, options: AssembleOptions) -> Checked:
    parsed = parse(source, file_name, dialect=options.dialect)
    interface, comment, wrong = interface_of(parsed.comments)
    problems = parsed.problems
    if comment is not None and wrong:
        line, column = parsed.position(comment.start)
        span = (comment.start, comment.end)
        problems += (Problem(f"the interface is wrong: {wrong}", file_name, line, column, code="interface", span=span),)
    unit = unit_of(file_name, parsed.lines, parsed.tree.statements)
    return _resolve(unit, source, interface, problems, resolve_include, options, (parsed,))


def assemble_tree(
    tree: Tree,
    file_name: str = "main.zkasm",
    *,
    interface: Interface | None = None,
    resolve_include: IncludeResolver | None = None,
    options: AssembleOptions | None = None,
) -> Program:
    """Assemble a syntax tree that was built rather than parsed; `Program.source` is its printed text.

    The interface becomes the first line of that text. *Raises:* AssemblyError.
    """
    if interface is not None:
        tree = Tree((CommentStatement(directive(interface)), *tree.statements))
    with _no_cycle_collection():
        source, numbers = lay_out(tree)
        unit = Unit(file_name, Lines.of(source), list(zip(tree.statements, numbers, strict=True)))
        checked = _resolve(unit, source, interface, (), resolve_include, options or AssembleOptions())
    return _program(checked)


def read_source(path: Path) -> str:
    """The text of a source file, line ends as they are. *Raises:* OSError, UnicodeError."""
    return path.read_bytes().decode("utf-8")


def assemble_file(
    path: Path | str, options: AssembleOptions | None = None, *, read: SourceReader = read_source
) -> Program:
    """Assemble a file with its includes, which are looked up beside the file that names them.

    *Raises:* AssemblyError with all problems of all files, InputError when the file itself cannot be read.
    """
    return _program(check_file(path, options, read=read))


def check_file(
    path: Path | str, options: AssembleOptions | None = None, *, read: SourceReader = read_source
) -> Checked:
    """As `assemble_file`, but it returns problems and warnings with their places instead of raising.

    `read` gives the text of each file; an editor passes one that knows its unsaved texts. The path of a file of the
    outcome is ``path.parent / file_name``. *Raises:* InputError when the file itself cannot be read.
    """
    path = Path(path)
    try:
        source = read(path)
    except (OSError, UnicodeError) as error:
        raise InputError(Problem(f"the file cannot be read: {error}", str(path))) from None
    return check(source, file_name=path.name, resolve_include=include_resolver(path, read), options=options)


def include_resolver(main: Path, read: SourceReader = read_source) -> IncludeResolver:
    """The resolver of includes for the main file `main`, whose texts `read` gives.

    A file inside the main file's folder is named relative to it, any other by its absolute path.
    """
    folder = main.resolve().parent
    folders = {main.name: folder}

    def resolve(including: str, path: str) -> tuple[str, str]:
        full = (folders[including] / path).resolve()
        name = full.relative_to(folder).as_posix() if full.is_relative_to(folder) else full.as_posix()
        text = read(full)
        folders[name] = full.parent
        return name, text

    return resolve


@contextmanager
def _no_cycle_collection() -> Iterator[None]:
    """Pause the collector of cycles: a tree and its rows are many objects without any, and looking for them in vain
    would double the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _resolve(
    unit: Unit,
    source: str,
    interface: Interface | None,
    syntax_problems: tuple[Problem, ...],
    resolve_include: IncludeResolver | None,
    options: AssembleOptions,
    files: tuple[SourceFile, ...] = (),
) -> Checked:
    machine = machine_of_dialect(options.dialect)
    found = Resolver(machine, options, resolve_include).resolve(unit, syntax_problems)
    problems, warnings = found.problems, found.warnings
    if any(problem.code in ("syntax", "lexical") for problem in problems):
        problems = tuple(problem for problem in problems if problem.code not in _CONSEQUENCES)
    files += found.files
    if problems:
        return Checked(None, problems, warnings, files, found.labels, found.constants, found.variables)
    program = Program(
        found.rows,
        found.labels,
        found.constants,
        found.variables,
        interface,
        source,
        unit.file_name,
        tuple(map(str, warnings)),
        machine.name,
    )
    return Checked(program, (), warnings, files, found.labels, found.constants, found.variables)


def _program(checked: Checked) -> Program:
    if checked.program is None:
        raise AssemblyError(*checked.problems)
    return checked.program
