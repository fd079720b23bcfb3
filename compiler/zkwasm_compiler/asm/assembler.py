"""The assembler's entry points: source text, file or syntax tree to `Program`."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from zkwasm_compiler.asm.dialect import DEFAULT_CHOICE, Choice, contradictions, named_dialect, project_dialect
from zkwasm_compiler.asm.interface import directive, interface_of
from zkwasm_compiler.asm.options import AssembleOptions
from zkwasm_compiler.asm.parser import parse_source
from zkwasm_compiler.asm.printer import lay_out
from zkwasm_compiler.asm.program import ConstantEntry, Interface, Program, Variable
from zkwasm_compiler.asm.report import Unit, unit_of
from zkwasm_compiler.asm.resolver import IncludeResolver, Resolver
from zkwasm_compiler.asm.source import Lines, SourceFile, why_unreadable
from zkwasm_compiler.asm.syntax import CommentStatement, Tree
from zkwasm_compiler.errors import AssemblyError, InputError, Problem
from zkwasm_compiler.isa import DIALECTS, machine_of_dialect

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
    tree has none. What was found out about the program is there also when it has problems. `choice` is its dialect.
    """

    program: Program | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    files: tuple[SourceFile, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)
    constants: Mapping[str, ConstantEntry] = field(default_factory=dict)
    variables: tuple[Variable, ...] = ()
    choice: Choice = DEFAULT_CHOICE


def parse(source: str, file_name: str = "main.zkasm", *, dialect: str | None = None) -> SourceFile:
    """Parse one file without its includes. It never raises on bad source: `problems` has every syntax error.

    Without `dialect` it is the one that the first line names, or 64. *Raises:* ConfigurationError for an unknown one.
    """
    machine = machine_of_dialect(dialect or _choice_of_text(source, file_name).dialect)
    with _no_cycle_collection():
        return parse_source(source, file_name, machine)


def assemble(
    source: str,
    *,
    file_name: str = "main.zkasm",
    resolve_include: IncludeResolver | None = None,
    options: AssembleOptions | None = None,
) -> Program:
    """Assemble a source text.

    `resolve_include` gets the name of the including file and the path as written, and returns the name and the text of
    the included file; without it an INCLUDE is an error. Without the option `dialect` it is the one that the first line
    names, or 64. *Raises:* AssemblyError with all problems of all files.
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
    options = options or AssembleOptions()
    choice = _choice_of_option(options) or _choice_of_text(source, file_name)
    return _check(source, file_name, resolve_include, options, choice)


def _choice_of_option(options: AssembleOptions) -> Choice | None:
    return None if options.dialect is None else Choice(options.dialect, "as the option says")


def _choice_of_text(source: str, file_name: str) -> Choice:
    named = named_dialect(source)
    if named is None:
        return DEFAULT_CHOICE
    return Choice(named, f"as the first line of {file_name} says")


def _check(
    source: str,
    file_name: str,
    resolve_include: IncludeResolver | None,
    options: AssembleOptions,
    choice: Choice,
) -> Checked:
    parsed = parse(source, file_name, dialect=choice.dialect)
    interface, comment, wrong = interface_of(parsed.comments)
    problems = parsed.problems
    if comment is not None and wrong:
        line, column = parsed.position(comment.start)
        span = (comment.start, comment.end)
        problems += (Problem(f"the interface is wrong: {wrong}", file_name, line, column, code="interface", span=span),)
    unit = unit_of(file_name, parsed.lines, parsed.tree.statements)
    with _no_cycle_collection():
        return _resolve(unit, source, interface, problems, resolve_include, options, choice, (parsed,))


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
        options = options or AssembleOptions()
        choice = _choice_of_option(options) or DEFAULT_CHOICE
        checked = _resolve(unit, source, interface, (), resolve_include, options, choice)
    return _program(checked)


def read_source(path: Path) -> str:
    """The text of a source file, line ends as they are. *Raises:* OSError, UnicodeError."""
    return path.read_bytes().decode("utf-8")


def assemble_file(
    path: Path | str, options: AssembleOptions | None = None, *, read: SourceReader = read_source
) -> Program:
    """Assemble a file with its includes, which are looked up beside the file that names them.

    Without the option `dialect` it is chosen as `asm.dialect` says. *Raises:* AssemblyError with all problems of all
    files, InputError when the file itself cannot be read, ConfigurationError.
    """
    return _program(check_file(path, options, read=read))


def check_file(
    path: Path | str, options: AssembleOptions | None = None, *, read: SourceReader = read_source
) -> Checked:
    """As `assemble_file`, but it returns problems and warnings with their places instead of raising.

    `read` gives the text of each file; an editor passes one that knows its unsaved texts. The path of a file of the
    outcome is ``path.parent / file_name``. *Raises:* InputError when the file itself cannot be read.
    """
    path, options = Path(path), options or AssembleOptions()
    source = _main_source(path, read)
    choice = _choice_of_option(options) or _choice_of_file(path, source)
    return (
        _check_by_use(path, source, options, read) if choice is None else _check_as(choice, path, source, options, read)
    )


def choose_dialect(path: Path | str, *, read: SourceReader = read_source) -> Choice:
    """The dialect that `check_file` takes without an option; it assembles only when nothing names one.

    *Raises:* InputError when the file itself cannot be read, ConfigurationError.
    """
    path = Path(path)
    source = _main_source(path, read)
    return _choice_of_file(path, source) or _check_by_use(path, source, AssembleOptions(), read).choice


def _main_source(path: Path, read: SourceReader) -> str:
    try:
        return read(path)
    except UnicodeDecodeError as error:
        raise InputError(Problem("is not UTF-8 text", str(path), byte_offset=error.start)) from None
    except (OSError, UnicodeError) as error:
        raise InputError(Problem(f"the file cannot be read: {why_unreadable(error)}", str(path))) from None


def _choice_of_file(path: Path, source: str) -> Choice | None:
    """The dialect that the first line or the project names."""
    if named_dialect(source) is not None:
        return _choice_of_text(source, path.name)
    return project_dialect(path)


def _check_as(choice: Choice, path: Path, source: str, options: AssembleOptions, read: SourceReader) -> Checked:
    return _check(source, path.name, include_resolver(path, read), options, choice)


def _check_by_use(path: Path, source: str, options: AssembleOptions, read: SourceReader) -> Checked:
    """The outcome in the dialect in which the program has the fewest errors, the default one of several."""
    best = _check_as(DEFAULT_CHOICE, path, source, options, read)
    for dialect in DIALECTS:
        if best.problems and dialect != best.choice.dialect:
            choice = Choice(dialect, "by what it uses", best.problems[0])
            other = _check_as(choice, path, source, options, read)
            if len(other.problems) < len(best.problems):
                best = other
    return best


def include_resolver(main: Path, read: SourceReader = read_source) -> IncludeResolver:
    """The resolver of includes for the main file `main`, whose texts `read` gives.

    A path is looked up in the folder of the including file. A file inside the main file's folder is named relative to
    it, any other by its absolute path; symbolic links keep the names that were written.
    """
    folder = Path(os.path.abspath(main)).parent
    folders = {main.name: folder}

    def resolve(including: str, path: str) -> tuple[str, str]:
        full = Path(os.path.abspath(folders[including] / path))
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
    choice: Choice,
    files: tuple[SourceFile, ...] = (),
) -> Checked:
    machine = machine_of_dialect(choice.dialect)
    found = Resolver(machine, options, resolve_include).resolve(unit, syntax_problems)
    problems, warnings = found.problems, found.warnings
    if any(problem.code in ("syntax", "lexical") for problem in problems):
        problems = tuple(problem for problem in problems if problem.code not in _CONSEQUENCES)
    files += found.files
    problems = (*(problem for file in files for problem in contradictions(file, choice.dialect)), *problems)
    if problems:
        return Checked(None, problems, warnings, files, found.labels, found.constants, found.variables, choice)
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
    return Checked(program, (), warnings, files, found.labels, found.constants, found.variables, choice)


def _program(checked: Checked) -> Program:
    if checked.program is None:
        raise AssemblyError(*checked.problems)
    return checked.program
