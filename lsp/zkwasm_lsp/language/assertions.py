"""The assertions of a file (``;@ run A=2 => A=4``), as the simulator reads them."""

from __future__ import annotations

from zkwasm_lsp.language.source import Source
from zkwasm_simulator.assertions.directive import MARK
from zkwasm_simulator.assertions.discovery import Run, runs_in


def runs_of(source: Source) -> list[Run]:
    """The assertions of a file, with offsets of the file."""
    if not any(MARK.match(text) for text, _ in source.directives):
        return []
    statements = ((statement, source.offset(statement.start)) for statement, _ in source.statements())
    return runs_in(source.directives, statements)
