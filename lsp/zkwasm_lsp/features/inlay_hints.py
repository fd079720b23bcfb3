"""Inlay hints of the lines that are shown: rows besides the step, the total of a block, values of constants, and how
often a step was executed in the last run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types

from zkwasm_compiler.asm.syntax import ConstantStatement, LabelStatement, Number
from zkwasm_lsp.language.costs import Rows, chunk_rows, shown, total
from zkwasm_lsp.language.flow import flow_of
from zkwasm_lsp.language.names import Sort
from zkwasm_lsp.language.source import Chunk, Source
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS

Hint = tuple[int, str, str]
"""The offset in the file, the text, what it means."""


def register(server: ZkasmServer) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    def hints(params: types.InlayHintParams) -> list[types.InlayHint]:
        path = path_of(params.text_document.uri)
        try:
            source = session.source(path)
            begin = source.index_at_line(params.range.start.line)
            end = source.index_at_line(params.range.end.line)
            found = list(_hints(server, path, source, begin, end))
        except READ_ERRORS:
            return []
        text = source.text
        return [
            types.InlayHint(
                session.places.position(text, offset),
                label,
                tooltip=meaning,
                padding_left=True,
                # Within code, as in `const.X = 3)`; behind it nothing follows.
                padding_right=not text.text[offset : offset + 1].isspace() and offset < len(text.text),
            )
            for offset, label, meaning in found
        ]


def _hints(server: ZkasmServer, path: Path, source: Source, begin: int, end: int) -> Iterator[Hint]:
    settings = server.session.settings
    values = _values(server, path) if settings.hint_constants else {}
    running: Rows = {}
    if settings.hint_totals:
        running = total(source.chunks[index].once(chunk_rows) for index in range(_block_start(source, begin), begin))
    for index in range(begin, min(end + 1, len(source.chunks))):
        chunk = source.chunks[index]
        base = source.start(index) - chunk.origin
        step = chunk.step
        # One hint at a place: editors put no space between two.
        last = None if step is None else base + step.end
        constants = list(_constants(chunk, base + chunk.origin, values))
        yield from (hint for hint in constants if hint[0] != last)
        if any(isinstance(one, LabelStatement) for one in chunk.parsed.tree.statements):
            running = {}
        if step is None:
            continue
        rows = chunk.once(chunk_rows)
        running = total((running, rows))
        parts = [label for place, label, _ in constants if place == last]
        meanings = [meaning for place, _, meaning in constants if place == last]
        extra = {machine: count for machine, count in rows.items() if machine != "main"}
        if settings.hint_rows and extra:
            parts.append(f"+ {shown(extra)}")
            meanings.append("+: rows besides the step")
        if settings.hint_totals and running["main"] > 1 and _ends_block(source, index):
            parts.append(f"Σ {shown(running)}")
            meanings.append("Σ: all rows since the last label")
        count = server.background.count(chunk) if settings.hint_counts else None
        if count is not None:
            parts.append(f"× {count:,}".replace(",", "\u202f"))
            meanings.append("×: executed so often in the last run")
        if parts:
            yield base + step.end, "  ".join(parts), " · ".join(meanings)


def _values(server: ZkasmServer, path: Path) -> dict[str, str]:
    return {name: entry["value"] for name, entry in server.session.program(path).resolution.constants.items()}


def _constants(chunk: Chunk, base: int, values: dict[str, str]) -> Iterator[Hint]:
    """The values of constants in steps and advice, and of definitions that are not just a number."""
    for statement in chunk.parsed.tree.statements:
        if isinstance(statement, ConstantStatement) and not isinstance(statement.value, Number):
            value = values.get(statement.name)
            if value is not None:
                yield base + statement.end - chunk.origin, f"= {value}", "the value of the constant"
    if chunk.step is not None:
        for one in chunk.names:
            if one.sort is Sort.CONSTANT and not one.defines and one.name in values:
                yield base + one.end, f"= {values[one.name]}", "the value of the constant"


def _block_start(source: Source, index: int) -> int:
    """The chunk with the last label before `index`."""
    while index > 0:
        index -= 1
        if any(isinstance(one, LabelStatement) for one in source.chunks[index].parsed.tree.statements):
            return index
    return 0


def _ends_block(source: Source, index: int) -> bool:
    """Is the step the last one of its block?"""
    if not source.chunks[index].once(flow_of).falls:
        return True
    for later in range(index + 1, len(source.chunks)):
        statements = source.chunks[later].parsed.tree.statements
        if any(isinstance(one, LabelStatement) for one in statements):
            return True
        if source.chunks[later].step is not None:
            return False
    return True
