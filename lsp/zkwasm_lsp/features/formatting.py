"""Formatting of a file or of the lines of a range."""

from __future__ import annotations

from lsprotocol import types

from zkwasm_lsp.language.formatting import formatted
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS


def register(server: ZkasmServer) -> None:
    session = server.session

    def edits(uri: str, options: types.FormattingOptions, lines: range | None = None) -> list[types.TextEdit]:
        try:
            source = session.source(path_of(uri))
        except READ_ERRORS:
            return []
        indent = " " * options.tab_size if options.insert_spaces else "\t"
        found = []
        for index, text in formatted(source, indent):
            first = source.first_lines[index]
            chunk = source.chunks[index]
            if lines is None or (first < lines.stop and first + chunk.height > lines.start):
                start = source.start(index)
                place = session.places.range(source.text, start, start + len(chunk.text))
                found.append(types.TextEdit(place, text))
        return found

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def whole(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        return edits(params.text_document.uri, params.options)

    @server.feature(types.TEXT_DOCUMENT_RANGE_FORMATTING)
    def part(params: types.DocumentRangeFormattingParams) -> list[types.TextEdit]:
        last = params.range.end.line + (params.range.end.character > 0 or params.range.start == params.range.end)
        return edits(params.text_document.uri, params.options, range(params.range.start.line, last))
