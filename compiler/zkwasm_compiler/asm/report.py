"""Problems and warnings with their places, while a program is resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from zkwasm_compiler.asm.source import Lines
from zkwasm_compiler.asm.syntax import CommandStatement, Node, Statement
from zkwasm_compiler.errors import Problem


@dataclass(slots=True)
class Unit:
    """A file being processed: its statements with their lines, and the commands that wait for a step."""

    file_name: str
    lines: Lines
    statements: Sequence[tuple[Statement, int]]
    commands: list[CommandStatement] = field(default_factory=list)
    command_may_follow: bool = False


def unit_of(file_name: str, lines: Lines, statements: Sequence[Statement]) -> Unit:
    """A parsed file as a unit."""
    line = lines.line
    return Unit(file_name, lines, [(statement, line(statement.start)) for statement in statements])


class Report:
    """Collects problems and warnings at the statement that `enter` named last."""

    __slots__ = ("_line", "_statement", "_unit", "problems", "warnings")

    def __init__(self) -> None:
        self._unit: Unit | None = None
        self._statement = Node()
        self._line = 0
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def enter(self, unit: Unit, statement: Node, line: int) -> None:
        """What follows is about `statement`, on `line` of the unit's file."""
        self._unit, self._statement, self._line = unit, statement, line

    def problem(self, code: str, message: str, node: Node | None = None) -> None:
        """Note a problem of the kind `code` at `node`."""
        self.problems.append(self._placed(code, message, node))

    def warn(self, code: str, message: str, node: Node | None = None) -> None:
        """Note a warning."""
        self.warnings.append(self._placed(code, message, node))

    def _placed(self, code: str, message: str, node: Node | None) -> Problem:
        """A problem on the line of the statement, with the column of `node` if that is on the same line."""
        assert self._unit is not None
        column: int | None = None
        span: tuple[int, int] | None = None
        for place in (node, self._statement):
            if place is not None and place.start >= 0:
                span = span or (place.start, place.end)
                line, first = self._unit.lines.position(place.start)
                if line == self._line:
                    column = first
                    break
        return Problem(message, self._unit.file_name, self._line, column, code=code, span=span)
