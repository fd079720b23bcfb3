"""Growing selections: token, operand, operation, step, line, the code of a label, the file."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from zkwasm_compiler.asm.syntax import Node
from zkwasm_lsp.language.cursor import cursor_at
from zkwasm_lsp.language.names import Sort
from zkwasm_lsp.language.source import Source
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS


def register(server: ZkasmServer) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_SELECTION_RANGE)
    def selection(params: types.SelectionRangeParams) -> list[types.SelectionRange]:
        try:
            source = session.source(path_of(params.text_document.uri))
        except READ_ERRORS:
            return []
        return [
            _selection(server, source, session.places.offset(source.text, position)) for position in params.positions
        ]


def _selection(server: ZkasmServer, source: Source, offset: int) -> types.SelectionRange:
    spans = sorted(set(_around(source, offset)), key=lambda span: (span[0] - span[1], span))
    found: types.SelectionRange | None = None
    inner: tuple[int, int] | None = None
    for start, end in spans:
        # Only what lies in the one before: a token may lie across what is around it.
        if inner is None or (inner[0] <= start and end <= inner[1]):
            found = types.SelectionRange(server.session.places.range(source.text, start, end), found)
            inner = start, end
    assert found is not None
    return found


def _around(source: Source, offset: int) -> Iterator[tuple[int, int]]:
    """The spans around an offset."""
    yield 0, len(source.text.text)
    yield offset, offset
    cursor = cursor_at(source, offset)
    chunk, base = cursor.chunk, cursor.base
    if cursor.kind:
        yield cursor.start, cursor.end
    if cursor.word is not None:
        yield cursor.word[1:]
    yield base, base + len(chunk.text)
    nodes: list[Node] = list(chunk.parsed.tree.statements)
    step = chunk.step
    if step is not None:
        nodes += (*step.terms, *step.destinations, *step.operations)
        nodes += (factor for term in step.terms for factor in term.factors)
        nodes += (call.operand for call in step.operations if call.operand is not None)
        for part in (step.terms, step.destinations, step.operations):
            if part:
                nodes.append(Node(start=part[0].start, end=part[-1].end))
    nodes += chunk.parsed.comments
    for node in nodes:
        start, end = node.start - chunk.origin + base, node.end - chunk.origin + base
        if start <= offset <= end:
            yield start, end
    yield from _code_of_label(source, offset)


def _code_of_label(source: Source, offset: int) -> Iterator[tuple[int, int]]:
    starts = [start for occurrence, start in source.index.get(Sort.LABEL, []) if occurrence.defines]
    before = [start for start in starts if start <= offset]
    if before:
        end = next((start for start in starts if start > offset), len(source.text.text))
        yield before[-1], before[-1] + len(source.text.text[before[-1] : end].rstrip())
