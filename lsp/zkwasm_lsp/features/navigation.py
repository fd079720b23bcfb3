"""Where names are defined and used in all files of a program, the places of a name in one file, and links."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types

from zkwasm_lsp.language.cursor import Cursor, cursor_at
from zkwasm_lsp.language.names import Sort
from zkwasm_lsp.language.program import Named, meaning
from zkwasm_lsp.language.project import include_path
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS, Session


def register(server: ZkasmServer) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> list[types.Location]:
        path = path_of(params.text_document.uri)
        cursor = cursor_of(session, path, params.position)
        if cursor is None or cursor.name is None:
            return []
        if cursor.name.sort is Sort.FILE:
            target = include_path(path, cursor.name.name)
            start = types.Position(0, 0)
            return [types.Location(session.places.uri(target), types.Range(start, start))] if target.exists() else []
        return locations(session, [one for one in named_at(session, path, cursor) if one.occurrence.defines])

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def references(params: types.ReferenceParams) -> list[types.Location]:
        path = path_of(params.text_document.uri)
        cursor = cursor_of(session, path, params.position)
        if cursor is None:
            return []
        found = named_at(session, path, cursor)
        wanted = params.context.include_declaration
        return locations(session, [one for one in found if wanted or not one.occurrence.defines])

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    def highlights(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
        path = path_of(params.text_document.uri)
        cursor = cursor_of(session, path, params.position)
        if cursor is None:
            return []
        return [
            types.DocumentHighlight(
                session.places.range(cursor.source.text, one.start, one.end),
                types.DocumentHighlightKind.Write if _writes(one) else types.DocumentHighlightKind.Read,
            )
            for one in named_at(session, path, cursor)
            if one.path == path
        ]

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_LINK)
    def links(params: types.DocumentLinkParams) -> list[types.DocumentLink]:
        path = path_of(params.text_document.uri)
        try:
            source = session.source(path)
        except READ_ERRORS:
            return []
        return [
            types.DocumentLink(
                session.places.range(source.text, start, start + len(occurrence.name)),
                session.places.uri(include_path(path, occurrence.name)),
                tooltip="open the included file",
            )
            for occurrence, start in source.index.get(Sort.FILE, [])
        ]


def cursor_of(session: Session, path: Path, position: types.Position) -> Cursor | None:
    """What is at a position of a file; None in a comment and when the file cannot be read."""
    try:
        source = session.source(path)
    except READ_ERRORS:
        return None
    cursor = cursor_at(source, session.places.offset(source.text, position))
    return None if cursor.in_comment else cursor


def named_at(session: Session, path: Path, cursor: Cursor) -> list[Named]:
    """All places of the name at a place, in all files of the program."""
    occurrence = cursor.name
    if occurrence is None or occurrence.sort is Sort.FILE:
        return []
    names = session.names(path)
    return names.get((meaning(occurrence, names), occurrence.name), [])


def locations(session: Session, found: Iterable[Named]) -> list[types.Location]:
    return [session.places.location(one.path, one.source.text, one.start, one.end) for one in found]


def _writes(named: Named) -> bool:
    return named.occurrence.defines or named.occurrence.operation == "MSTORE"
