"""What is wrong with a program, as places in its files: the assembler's problems and the server's own checks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from zkwasm_compiler.asm.dialect import contradictions
from zkwasm_compiler.asm.lexer import Tokens
from zkwasm_compiler.asm.source import Lines, SourceFile
from zkwasm_compiler.asm.syntax import Comment, Tree
from zkwasm_compiler.errors import Problem
from zkwasm_lsp.language import checks
from zkwasm_lsp.language.codes import CODES, Severity
from zkwasm_lsp.language.finding import Finding, Related
from zkwasm_lsp.language.fusion import collision_message
from zkwasm_lsp.language.names import Sort
from zkwasm_lsp.language.program import Program
from zkwasm_lsp.language.source import Source

_CONSEQUENCES = {
    "label_undefined",
    "variable_undefined",
    "reference_undefined",
    "constant_undefined",
    "tag_reference_undefined",
}
"""Problems that a definition lost to a syntax error may have caused."""

_AFTER_BROKEN_LINES = {"command_before_label", "command_before_var", "command_before_include", "command_dropped"}

_QUOTED = re.compile(r"`[%@]?([\w$.]+)[^`]*`|\.([\w$]+):")
_WORD = re.compile(r"[a-zA-Z_][a-zA-Z$_0-9]*")

FOREIGN_LINES = 12
"""So many lines that cannot be read, among the first ones, make a file look like one of another language."""

_LOOKED_AT = 40


def findings(program: Program) -> dict[Path, list[Finding]]:
    """Everything wrong with the files of a program, in the order of their places."""
    found: dict[Path, list[Finding]] = {path: [] for path in program.sources}
    foreign = {path for path, source in program.sources.items() if is_foreign(source)}
    broken = _broken_words(program.sources.values())
    everything = [
        *_syntax(program),
        *_resolved(program, broken),
        *_interface(program),
        *_dialect(program),
        *(() if broken is not None else checks.whole_program(program)),
        *checks.local(program),
        *checks.assertions(program),
    ]
    for finding in everything:
        if finding.path in found and finding.path not in foreign:
            found[finding.path].append(finding)
    for path in foreign:
        message = "this does not look like zkASM; other languages use the ending .zkasm, too"
        found[path] = [Finding(path, 0, 0, "foreign_file", message)]
    return {path: _in_order(entries) for path, entries in found.items()}


def is_foreign(source: Source) -> bool:
    """Does a file look like one of another language? Most of its first lines cannot be read."""
    lines = [chunk for chunk in source.chunks[:_LOOKED_AT] if chunk.parsed.tokens.kinds[0] != "end of line"]
    wrong = sum(bool(chunk.parsed.problems) for chunk in lines)
    return wrong >= FOREIGN_LINES and 4 * wrong >= 3 * len(lines)


def _in_order(entries: list[Finding]) -> list[Finding]:
    return sorted(dict.fromkeys(entries), key=lambda one: (one.start, one.end, one.code, one.message))


def _broken_words(sources: Iterable[Source]) -> set[str] | None:
    """The words in the lines that cannot be read: what they would have defined; None when there is no such line."""
    broken = [source.chunks[index] for source in sources for index in source.broken]
    return {word for chunk in broken for word in _WORD.findall(chunk.text)} if broken else None


def _syntax(program: Program) -> Iterator[Finding]:
    for path, source in program.sources.items():
        for problem, start, end in source.problems():
            yield Finding(path, start, end, problem.code, problem.message)


def _resolved(program: Program, broken: set[str] | None) -> Iterator[Finding]:
    for problem in program.resolution.problems:
        if broken is not None and (problem.code in _AFTER_BROKEN_LINES or _is_consequence(problem, broken)):
            continue
        yield _placed(program, problem, None)
    for warning in program.resolution.warnings:
        if broken is None or warning.code not in _AFTER_BROKEN_LINES:
            yield _placed(program, warning, Severity.WARNING)


def _is_consequence(problem: Problem, broken: set[str]) -> bool:
    if problem.code not in _CONSEQUENCES:
        return False
    named = _QUOTED.search(problem.message)
    return named is None or (named[1] or named[2]).rpartition(".")[2] in broken


def _placed(program: Program, problem: Problem, severity: Severity | None) -> Finding:
    path = program.file_names.get(problem.file, program.main)
    source = program.sources[path]
    start, end = exact = _span(program, source, problem)
    message = problem.message
    if problem.code == "field_collision":
        message = collision_message(program.machine, source, start) or message
    related = tuple(_related(program, problem, path, start))
    if problem.line is not None and source.text.position(start)[0] != problem.line - 1:
        # The assembler blames the statement, of which this is on another line: show both.
        line = source.text.bare[problem.line - 1]
        start = source.text.offset(problem.line - 1, len(line) - len(line.lstrip()))
        end = max(end, source.text.offset(problem.line - 1, len(line)))
        related += (Related(path, *exact, "here"),)
    own = CODES[problem.code].severity
    return Finding(path, start, end, problem.code, message, severity if severity is not own else None, related)


def _span(program: Program, source: Source, problem: Problem) -> tuple[int, int]:
    if problem.span is not None:
        start, end = source.offset(problem.span[0]), source.offset(problem.span[1])
        name = _undefined_name(problem)
        if name is not None:
            return _name_in(source, start, name) or (start, end)
        return start, max(start, end)
    line = max((problem.line or 1) - 1, 0)
    start = source.text.offset(line, 0)
    return start, source.text.offset(line, len(source.text.lines[line]))


def _undefined_name(problem: Problem) -> str | None:
    """The name that a problem of a whole step is about."""
    if problem.code not in ("label_undefined", "variable_undefined", "tag_reference_undefined", "constant_undefined"):
        return None
    named = _QUOTED.search(problem.message)
    return None if named is None else (named[1] or named[2]).rpartition(".")[2]


def _name_in(source: Source, start: int, name: str) -> tuple[int, int] | None:
    """Where `name` is used in the logical line at `start`."""
    index = source.index_at(start)
    base = source.start(index)
    for occurrence in source.chunks[index].names:
        if occurrence.name == name and not occurrence.defines:
            return base + occurrence.start, base + occurrence.end
    return None


_FIRST_DEFINED = {
    "label_redefined": Sort.LABEL,
    "variable_redefined": Sort.VARIABLE,
    "constant_redefined": Sort.CONSTANT,
}


def _related(program: Program, problem: Problem, path: Path, start: int) -> Iterator[Related]:
    """The definition that is there already."""
    sort = _FIRST_DEFINED.get(problem.code)
    named = _QUOTED.search(problem.message)
    if sort is None or named is None:
        return
    for other in program.names.get((sort, named[1]), ()):
        if other.occurrence.defines:
            if (other.path, other.start) != (path, start):
                yield Related(other.path, other.start, other.end, "already defined here")
            return


def _dialect(program: Program) -> Iterator[Finding]:
    """Lines that name a dialect."""
    for path, source in program.sources.items():
        comments = [Comment(text, start=start, end=start + len(text)) for text, start in source.directives]
        if comments:
            whole = source.text
            lines = Lines(tuple(whole.starts), tuple(whole.bare))
            file = SourceFile(path.name, whole.text, Tree(()), Tokens([], [], [], tuple(comments)), (), lines)
            for problem in contradictions(file, program.machine.dialect.name):
                assert problem.span is not None
                yield Finding(path, *problem.span, problem.code, problem.message)


def _interface(program: Program) -> Iterator[Finding]:
    if program.interface_problem is not None:
        start, end, wrong = program.interface_problem
        yield Finding(program.main, start, end, "interface", f"the interface is wrong: {wrong}")
