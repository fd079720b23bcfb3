"""What is under the pointer: meaning, constraints, costs, values."""

from __future__ import annotations

from lsprotocol import types

from zkwasm_lsp.language.cursor import cursor_at
from zkwasm_lsp.language.describe import describe
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS


def register(server: ZkasmServer) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        path = path_of(params.text_document.uri)
        try:
            source = session.source(path)
            cursor = cursor_at(source, session.places.offset(source.text, params.position))
            found = describe(cursor, session.program(path), path, session.names(path))
        except READ_ERRORS:
            return None
        if found is None:
            return None
        text, start, end = found
        content = types.MarkupContent(types.MarkupKind.Markdown, text)
        return types.Hover(content, session.places.range(source.text, start, end))
