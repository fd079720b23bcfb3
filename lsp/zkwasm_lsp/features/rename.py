"""Renaming labels, variables and constants in all files of a program."""

from __future__ import annotations

import re

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from zkwasm_compiler.asm.lexer import keywords
from zkwasm_lsp.features.navigation import cursor_of, named_at
from zkwasm_lsp.language.names import NEXT, Sort
from zkwasm_lsp.language.program import meaning
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z$_0-9]*", re.ASCII)


def register(server: ZkasmServer) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepare(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        path = path_of(params.text_document.uri)
        cursor = cursor_of(session, path, params.position)
        if cursor is None or not any(one.occurrence.defines for one in named_at(session, path, cursor)):
            return None
        name = cursor.name
        assert name is not None
        place = session.places.range(cursor.source.text, cursor.base + name.start, cursor.base + name.end)
        return types.PrepareRenamePlaceholder(place, name.name)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    def rename(params: types.RenameParams) -> types.WorkspaceEdit | None:
        path = path_of(params.text_document.uri)
        cursor = cursor_of(session, path, params.position)
        found = [] if cursor is None else named_at(session, path, cursor)
        if cursor is None or cursor.name is None or not found:
            return None
        names = session.names(path)
        new = params.new_name.removeprefix("%").removeprefix("@")
        problem = wrong_name(
            new, meaning(cursor.name, names), cursor.chunk.machine.name, keywords(cursor.chunk.machine)
        )
        taken = names.get((meaning(cursor.name, names), new), [])
        if not problem and new != cursor.name.name and any(one.occurrence.defines for one in taken):
            problem = f"{new} is already defined"
        if problem:
            raise JsonRpcInvalidParams(problem)
        changes: dict[str, list[types.TextEdit]] = {}
        for one in found:
            edit = types.TextEdit(session.places.range(one.source.text, one.start, one.end), new)
            changes.setdefault(session.places.uri(one.path), []).append(edit)
        return types.WorkspaceEdit(changes)


def wrong_name(name: str, sort: Sort, machine: str, words: frozenset[str]) -> str:
    """Why a name cannot be used; empty when it can."""
    if _NAME.fullmatch(name) is None:
        return f"{name!r} is no name: letters, digits, `_` and `$`, not beginning with a digit or `$`"
    if sort is not Sort.CONSTANT and name.partition("$")[0] in words:
        return f"{name} is a word of the language of {machine}"
    if sort is Sort.LABEL and name == NEXT:
        return "`next` always means the following step"
    return ""
