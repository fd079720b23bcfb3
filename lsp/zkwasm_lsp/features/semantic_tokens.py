"""Semantic tokens: of the whole file, of a range, and what has changed since the last time."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from zkwasm_lsp.language.highlight import MODIFIERS, TYPES, pieces
from zkwasm_lsp.language.source import Chunk, Source
from zkwasm_lsp.language.text import Encoding, Text, units
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS

Encoded = tuple[list[int], int]
"""The tokens of a chunk, relative to each other, the first of which is on its first line, and the line of the last."""


def register(server: ZkasmServer) -> None:
    session = server.session
    legend = types.SemanticTokensLegend(list(TYPES), list(MODIFIERS))
    last: dict[Path, tuple[str, list[int]]] = {}

    def encoded(path: Path, first: int = 0, end: int | None = None) -> list[int]:
        try:
            return _encoded(session.source(path), session.places.encoding, first, end)
        except READ_ERRORS:
            return []

    def remember(path: Path, data: list[int]) -> str:
        number = int(last[path][0]) + 1 if path in last else 1
        last[path] = (str(number), data)
        return str(number)

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, legend)
    def full(params: types.SemanticTokensParams) -> types.SemanticTokens:
        path = path_of(params.text_document.uri)
        data = encoded(path)
        return types.SemanticTokens(data, remember(path, data))

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA)
    def delta(params: types.SemanticTokensDeltaParams) -> types.SemanticTokens | types.SemanticTokensDelta:
        path = path_of(params.text_document.uri)
        data = encoded(path)
        known = last.get(path)
        result = remember(path, data)
        if known is None or known[0] != params.previous_result_id:
            return types.SemanticTokens(data, result)
        return types.SemanticTokensDelta(_edits(known[1], data), result)

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE)
    def part(params: types.SemanticTokensRangeParams) -> types.SemanticTokens:
        path = path_of(params.text_document.uri)
        return types.SemanticTokens(encoded(path, params.range.start.line, params.range.end.line + 1))


def _encoded(source: Source, encoding: Encoding, first: int, end: int | None) -> list[int]:
    """The tokens of the chunks that touch the lines from `first` up to `end`, not included."""
    begin = source.index_at_line(first)
    stop = len(source.chunks) if end is None else source.index_at_line(max(end - 1, first)) + 1
    encode = _ENCODERS[encoding]
    data: list[int] = []
    before = 0
    for index in range(begin, stop):
        tokens, bottom = source.chunks[index].once(encode)
        if tokens:
            line = source.first_lines[index]
            place = len(data)
            data += tokens
            data[place] = line - before
            before = line + bottom
    return data


def _chunk_tokens(chunk: Chunk, encoding: Encoding) -> Encoded:
    data: list[int] = []
    text = Text.of(chunk.text)
    previous_line = previous_column = 0
    for start, end, kind, modifiers in pieces(chunk):
        line, column = text.position(start)
        whole = text.lines[line]
        if not whole.isascii():
            length = units(chunk.text[start:end], encoding)
            column = units(whole[:column], encoding)
        else:
            length = end - start
        same_line = line == previous_line
        data += (line - previous_line, column - previous_column if same_line else column, length, kind, modifiers)
        previous_line, previous_column = line, column
    return data, previous_line


def _utf_8(chunk: Chunk) -> Encoded:
    return _chunk_tokens(chunk, Encoding.UTF_8)


def _utf_16(chunk: Chunk) -> Encoded:
    return _chunk_tokens(chunk, Encoding.UTF_16)


def _utf_32(chunk: Chunk) -> Encoded:
    return _chunk_tokens(chunk, Encoding.UTF_32)


_ENCODERS = {Encoding.UTF_8: _utf_8, Encoding.UTF_16: _utf_16, Encoding.UTF_32: _utf_32}


def _edits(old: list[int], new: list[int]) -> list[types.SemanticTokensEdit]:
    """One edit for everything between what both have at their begin and at their end."""
    if old == new:
        return []
    most = min(len(old), len(new))
    begin = next((number for number in range(most) if old[number] != new[number]), most)
    most -= begin
    end = next((number for number in range(most) if old[-1 - number] != new[-1 - number]), most)
    return [types.SemanticTokensEdit(begin, len(old) - end - begin, new[begin : len(new) - end])]
