"""Folding: the code below a label, comments, runs of declarations and of INCLUDEs."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from zkwasm_compiler.asm.syntax import ConstantStatement, IncludeStatement, LabelStatement, VariableStatement
from zkwasm_lsp.language.source import Chunk, Source
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS

LIMIT = 5_000

Fold = tuple[int, int, types.FoldingRangeKind | None]
"""The first and the last line, and what is folded."""


def register(server: ZkasmServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)
    def folding(params: types.FoldingRangeParams) -> list[types.FoldingRange]:
        try:
            source = server.session.source(path_of(params.text_document.uri))
        except READ_ERRORS:
            return []
        found = sorted({*_labels(source), *_runs(source)}, key=lambda fold: fold[:2])[:LIMIT]
        return [types.FoldingRange(start_line=start, end_line=end, kind=kind) for start, end, kind in found]


def _labels(source: Source) -> Iterator[Fold]:
    """From a label to the last line with something below it, before the comment of the next one."""
    starts = [number for number, chunk in enumerate(source.chunks) if chunk.once(_sort) == "label"]
    for start, end in zip(starts, [*starts, len(source.chunks)][1:], strict=True):
        last = end - 1
        while last > start and source.chunks[last].once(_sort) in ("", "comment"):
            last -= 1
        if last > start:
            yield source.first_lines[start], source.first_lines[last] + source.chunks[last].height - 1, None


def _runs(source: Source) -> Iterator[Fold]:
    """Lines of the same sort one after the other, and comments of several lines."""
    kinds = {
        "comment": types.FoldingRangeKind.Comment,
        "include": types.FoldingRangeKind.Imports,
        "declaration": types.FoldingRangeKind.Region,
    }
    start = 0
    for number in range(1, len(source.chunks) + 1):
        sort = source.chunks[start].once(_sort)
        if number < len(source.chunks) and source.chunks[number].once(_sort) == sort:
            continue
        first, last = source.first_lines[start], source.first_lines[number - 1] + source.chunks[number - 1].height - 1
        if sort in kinds and last > first:
            yield first, last, kinds[sort]
        start = number


def _sort(chunk: Chunk) -> str:
    """What a line is: comment, label, include, declaration, code, or nothing."""
    parsed = chunk.parsed
    statements = parsed.tree.statements
    if not statements:
        return "comment" if parsed.comments and not parsed.problems else "code" if parsed.problems else ""
    if any(isinstance(one, LabelStatement) for one in statements):
        return "label"
    if all(isinstance(one, IncludeStatement) for one in statements):
        return "include"
    if all(isinstance(one, VariableStatement | ConstantStatement) for one in statements):
        return "declaration"
    return "code"
