"""The assertions of a file: which label each runs.

An assertion stands in the comment lines above a label and runs the code from there to the RETURN that leaves it, or to
`finalizeExecution`. One before every statement of a file, not above a label, runs the program from its first step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zkwasm_compiler.asm.syntax import LabelStatement, Statement
from zkwasm_simulator.assertions.directive import MARK, Directive, DirectiveError, parse_directive


@dataclass(frozen=True, slots=True)
class Run:
    """An assertion at an offset of its file: what it says or what is wrong with it; `label` is None for the program."""

    start: int
    end: int
    text: str
    directive: Directive | None
    label: str | None
    wrong: str = ""


def runs_in(comments: Iterable[tuple[str, int]], statements: Iterable[tuple[Statement, int]]) -> list[Run]:
    """The assertions among the comments of a file, given with their offsets, as its statements in their order."""
    marked = [(text, start) for text, start in comments if MARK.match(text)]
    if not marked:
        return []
    found = []
    following = iter(statements)
    statement, place = next(following, (None, -1))
    is_first = True
    for text, start in marked:
        while statement is not None and place < start:
            statement, place = next(following, (None, -1))
            is_first = False
        found.append(_run(text, start, statement, is_first))
    return found


def _run(text: str, start: int, statement: Statement | None, is_first: bool) -> Run:
    label = statement.name if isinstance(statement, LabelStatement) else None
    try:
        directive = parse_directive(text)
    except DirectiveError as error:
        return Run(start + error.start, start + error.end, text, None, label, str(error))
    if label is None and not is_first:
        wrong = "it stands neither above a label nor before the program"
        return Run(start, start + len(text), text, None, None, wrong)
    return Run(start, start + len(text), text, directive, label)
