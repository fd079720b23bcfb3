"""Call hierarchy: routines are labels, calls the steps with CALL; a call belongs to the routine that it stands in."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

from lsprotocol import types

from zkwasm_lsp.features.navigation import cursor_of, named_at
from zkwasm_lsp.language.names import Sort
from zkwasm_lsp.language.program import Named, meaning
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import Session

CALL = "CALL"


def register(server: ZkasmServer) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY)
    def prepare(params: types.CallHierarchyPrepareParams) -> list[types.CallHierarchyItem] | None:
        path = path_of(params.text_document.uri)
        cursor = cursor_of(session, path, params.position)
        if cursor is None or cursor.name is None or meaning(cursor.name, session.names(path)) is not Sort.LABEL:
            return None
        return [_item(session, one) for one in named_at(session, path, cursor) if one.occurrence.defines] or None

    @server.feature(types.CALL_HIERARCHY_INCOMING_CALLS)
    def incoming(params: types.CallHierarchyIncomingCallsParams) -> list[types.CallHierarchyIncomingCall]:
        routines = Routines(session, path_of(params.item.uri))
        found: dict[Named, list[types.Range]] = {}
        for one in session.names(routines.path).get((Sort.LABEL, params.item.name), []):
            around = routines.around(one)
            if one.occurrence.operation == CALL and around is not None:
                found.setdefault(around, []).append(_range(session, one))
        return [types.CallHierarchyIncomingCall(_item(session, one), ranges) for one, ranges in found.items()]

    @server.feature(types.CALL_HIERARCHY_OUTGOING_CALLS)
    def outgoing(params: types.CallHierarchyOutgoingCallsParams) -> list[types.CallHierarchyOutgoingCall]:
        routines = Routines(session, path_of(params.item.uri))
        names = session.names(routines.path)
        found: dict[Named, list[types.Range]] = {}
        for (sort, _), entries in names.items():
            if sort is not Sort.LABEL:
                continue
            target = next((one for one in entries if one.occurrence.defines), None)
            for one in entries:
                around = routines.around(one)
                if (
                    one.occurrence.operation == CALL
                    and around
                    and around.occurrence.name == params.item.name
                    and target
                ):
                    found.setdefault(target, []).append(_range(session, one))
        return [types.CallHierarchyOutgoingCall(_item(session, one), ranges) for one, ranges in found.items()]


class Routines:
    """The routines of the program of a file: the labels that are called, and the first label of each file."""

    def __init__(self, session: Session, path: Path) -> None:
        self.path = path
        self._starts: dict[Path, list[Named]] = {}
        labels = [entries for (sort, _), entries in session.names(path).items() if sort is Sort.LABEL]
        first: dict[Path, Named] = {}
        for entries in labels:
            called = any(one.occurrence.operation == CALL for one in entries)
            for one in entries:
                if one.occurrence.defines:
                    if called:
                        self._starts.setdefault(one.path, []).append(one)
                    if one.path not in first or one.start < first[one.path].start:
                        first[one.path] = one
        for file, one in first.items():
            starts = self._starts.setdefault(file, [])
            if one not in starts:
                starts.append(one)
            starts.sort(key=lambda entry: entry.start)

    def around(self, named: Named) -> Named | None:
        """The routine in which a name stands."""
        starts = self._starts.get(named.path, [])
        place = bisect_right(starts, named.start, key=lambda entry: entry.start)
        return starts[place - 1] if place else None


def _range(session: Session, named: Named) -> types.Range:
    return session.places.range(named.source.text, named.start, named.end)


def _item(session: Session, named: Named) -> types.CallHierarchyItem:
    place = _range(session, named)
    return types.CallHierarchyItem(
        name=named.occurrence.name,
        kind=types.SymbolKind.Function,
        uri=session.places.uri(named.path),
        range=place,
        selection_range=place,
        detail=named.path.name,
    )
