"""From syntax trees to the rows of a program.

Two passes, as in the public assembler: statements in their order (descending into includes) give the rows with names
still open and define labels, variables and constants (`StepRows`, `Symbols`); then every row gets its addresses,
commands and advice. Problems are collected in the order in which the public assembler would meet them, so its single
error is our first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zkwasm_compiler.asm.options import AssembleOptions
from zkwasm_compiler.asm.parser import parse_source
from zkwasm_compiler.asm.program import ConstantEntry, RomRow, Variable
from zkwasm_compiler.asm.report import Report, Unit, unit_of
from zkwasm_compiler.asm.source import SourceFile, why_unreadable
from zkwasm_compiler.asm.steps import StepMemo, StepRows
from zkwasm_compiler.asm.symbols import Symbols
from zkwasm_compiler.asm.syntax import (
    CommandStatement,
    CommentStatement,
    ConstantStatement,
    IncludeStatement,
    LabelStatement,
    Node,
    Statement,
    StepStatement,
    VariableStatement,
)
from zkwasm_compiler.errors import Problem
from zkwasm_compiler.isa.machine import Machine

INCLUDE_LIMIT = 10_000
"""The most files that a program includes."""

INCLUDE_DEPTH = 100
"""The most files that include each other in a chain."""

IncludeResolver = Callable[[str, str], tuple[str, str]]
"""From the including file's name and the path as written to the included file's name and text; raises OSError."""

ParsedUnit = tuple[Unit, tuple[Problem, ...]]
"""A file to process, not begun yet, and the problems of its syntax."""

UnitReader = Callable[[str, str], ParsedUnit]
"""From the name and the text of an included file to what is in it."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the resolver found; `files` are those that were included. The rows mean nothing when there are problems.

    For an editor, that is with a memo, there are `places` instead of rows: the file and the line of each.
    """

    rows: tuple[RomRow, ...]
    labels: dict[str, int]
    constants: dict[str, ConstantEntry]
    variables: tuple[Variable, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    files: tuple[SourceFile, ...]
    places: Sequence[tuple[str, int]] = ()


class Resolver:
    """Resolves one program; use `resolve` once.

    `read_unit` parses the included files; an editor gives one that keeps what has not changed. `memo` has the steps
    that it has resolved before.
    """

    def __init__(
        self,
        machine: Machine,
        options: AssembleOptions,
        resolve_include: IncludeResolver | None,
        read_unit: UnitReader | None = None,
        memo: StepMemo | None = None,
    ) -> None:
        self._machine = machine
        self._resolve_include = resolve_include
        self._read_unit = read_unit or self._parse
        self._report = Report()
        self._symbols = Symbols(machine, options, self._report)
        self._for_editor = memo is not None
        self._rows = StepRows(machine, self._symbols, self._report, memo)
        self._open_files: list[str] = []
        self._files: dict[str, SourceFile] = {}
        self._included = 0

    def resolve(self, unit: Unit, syntax_problems: tuple[Problem, ...] = ()) -> Resolution:
        """Process the main file, after the problems of its syntax."""
        report, symbols = self._report, self._symbols
        report.problems += syntax_problems
        self._process(unit)
        rows = self._rows.finish()
        symbols.check_memory()
        variables = tuple(symbols.variables.values())
        problems, warnings = tuple(report.problems), tuple(report.warnings)
        files = tuple(self._files.values())
        places = self._rows.places() if self._for_editor else ()
        return Resolution(rows, symbols.labels, symbols.constants, variables, problems, warnings, files, places)

    def _process(self, unit: Unit) -> None:
        self._open_files.append(unit.file_name)
        report, rows = self._report, self._rows
        report.enter(unit, Node(), 1)
        for statement, line in unit.statements:
            if type(statement) is StepStatement:
                rows.add(statement, unit, line)
            else:
                report.enter(unit, statement, line)
                self._definition(statement, unit, line)
        for command in unit.commands:
            report.enter(unit, command, unit.lines.line(command.start) if command.start >= 0 else len(unit.lines.texts))
            report.warn("command_dropped", "no step of the file follows the command, so it never runs", command)
        self._open_files.pop()

    def _definition(self, statement: Statement, unit: Unit, line: int) -> None:
        """Any statement but a step."""
        match statement:
            case LabelStatement():
                self._symbols.define_label(statement, len(self._rows))
                self._refuse_waiting_commands(unit, "label", statement)
            case CommandStatement():
                if unit.command_may_follow:
                    self._rows.add_command_after(statement)
                else:
                    unit.commands.append(statement)
            case VariableStatement():
                self._symbols.define_variable(statement)
                self._refuse_waiting_commands(unit, "var", statement)
            case ConstantStatement():
                self._symbols.define_constant(statement, line, unit.file_name)
            case IncludeStatement():
                self._include(statement, unit)
                self._report.enter(unit, statement, line)
                self._refuse_waiting_commands(unit, "include", statement)
            case CommentStatement() | StepStatement():
                pass

    def _refuse_waiting_commands(self, unit: Unit, what: str, node: Node) -> None:
        """Commands wait for a step; nothing else may come between."""
        if unit.commands:
            message = f"a command stands before a {what}; it must stand directly before or after a step"
            self._report.problem(f"command_before_{what}", message, node)
            unit.commands = []
        unit.command_may_follow = False

    def _include(self, include: IncludeStatement, unit: Unit) -> None:
        found = self._included_text(include, unit)
        if found is not None:
            included, problems = self._read_unit(*found)
            self._report.problems += problems
            self._process(included)

    def _parse(self, name: str, text: str) -> ParsedUnit:
        source = self._files.get(name)
        if source is None or source.text != text:
            source = self._files[name] = parse_source(text, name, self._machine)
        return unit_of(name, source.lines, source.tree.statements), source.problems

    def _included_text(self, include: IncludeStatement, unit: Unit) -> tuple[str, str] | None:
        """The name and text of an included file, None when that is a problem."""
        problem = self._report.problem
        if self._resolve_include is None:
            message = f'"{include.path}" cannot be included: the source is assembled from memory, without a folder'
            problem("include_not_found", message, include)
            return None
        try:
            name, text = self._resolve_include(unit.file_name, include.path)
        except (OSError, LookupError, UnicodeError, ValueError) as error:
            problem("include_not_found", f'"{include.path}" cannot be read: {why_unreadable(error)}', include)
            return None
        self._included += 1
        if name in self._open_files:
            chain = " → ".join((*self._open_files[-4:], name))
            problem("include_recursive", f'"{include.path}" includes itself ({chain})', include)
            return None
        if len(self._open_files) > INCLUDE_DEPTH:
            problem("include_recursive", f"more than {INCLUDE_DEPTH} files include each other in a chain", include)
            return None
        if self._included > INCLUDE_LIMIT:
            problem("include_recursive", f"more than {INCLUDE_LIMIT} files are included", include)
            return None
        return name, text
