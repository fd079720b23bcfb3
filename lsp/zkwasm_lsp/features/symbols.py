"""The symbols of a file, labels with what is defined below them, and those of all files of the workspace."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from zkwasm_lsp.features.completion import fits
from zkwasm_lsp.language.names import Sort
from zkwasm_lsp.language.source import Source
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS, Session

LIMIT = 5_000
"""The most symbols of a file."""

WORKSPACE_LIMIT = 500

_KINDS = {
    Sort.LABEL: types.SymbolKind.Function,
    Sort.VARIABLE: types.SymbolKind.Variable,
    Sort.CONSTANT: types.SymbolKind.Constant,
}


def register(server: ZkasmServer) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def document_symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        try:
            return _document_symbols(session, session.source(path_of(params.text_document.uri)))
        except READ_ERRORS:
            return []

    @server.feature(types.WORKSPACE_SYMBOL)
    def workspace_symbols(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        found: list[types.WorkspaceSymbol] = []
        for path in session.project.paths:
            try:
                source = session.source(path)
            except READ_ERRORS:
                continue
            found += _matching(session, path, source, params.query.removeprefix("%"))
            if len(found) >= WORKSPACE_LIMIT:
                break
        return found[:WORKSPACE_LIMIT]


def _document_symbols(session: Session, source: Source) -> list[types.DocumentSymbol]:
    """A label reaches to the line before the next one."""
    defined = [
        (sort, occurrence.name, start)
        for sort in _KINDS
        for occurrence, start in source.index.get(sort, [])
        if occurrence.defines
    ]
    defined.sort(key=lambda entry: entry[2])
    label_starts = [start for sort, _, start in defined if sort is Sort.LABEL]
    ends = dict(zip(label_starts, [*label_starts, len(source.text.text)][1:], strict=True))
    symbols = []
    for sort, name, start in defined[:LIMIT]:
        own = session.places.range(source.text, start, start + len(name))
        whole = own
        if sort is Sort.LABEL:
            text = source.text.text
            end = start + len(text[start : ends[start]].rstrip())
            whole = session.places.range(source.text, start, max(end, start + len(name)))
        shown = f"%{name}" if sort is Sort.CONSTANT else name
        symbols.append(types.DocumentSymbol(shown, _KINDS[sort], whole, own))
    return _nested(symbols)


def _nested(symbols: list[types.DocumentSymbol]) -> list[types.DocumentSymbol]:
    """Variables and constants that are defined below a label are its children."""
    roots: list[types.DocumentSymbol] = []
    label: types.DocumentSymbol | None = None
    for symbol in symbols:
        if symbol.kind is types.SymbolKind.Function or label is None:
            roots.append(symbol)
            label = symbol if symbol.kind is types.SymbolKind.Function else label
        else:
            label.children = [*(label.children or ()), symbol]
    return roots


def _matching(session: Session, path: Path, source: Source, query: str) -> list[types.WorkspaceSymbol]:
    return [
        types.WorkspaceSymbol(
            location=session.places.location(path, source.text, start, start + len(occurrence.name)),
            name=f"%{occurrence.name}" if sort is Sort.CONSTANT else occurrence.name,
            kind=_KINDS[sort],
            container_name=path.name,
        )
        for sort in _KINDS
        for occurrence, start in source.index.get(sort, [])
        if occurrence.defines and fits(query, occurrence.name)
    ]
