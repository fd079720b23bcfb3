"""Between the places of the protocol (URI, line and code units) and those of the language core (path and offset)."""

from __future__ import annotations

import os
from pathlib import Path

from lsprotocol import types
from pygls import uris

from zkwasm_lsp.language.text import Encoding, Text, column_of_units, units


def path_of(uri: str) -> Path:
    """The absolute path of a document; one that is no file gets a path that no file has."""
    found = uris.to_fs_path(uri)
    if found is None:
        return Path(os.path.sep, ".not-a-file", uri.replace(os.path.sep, "_").replace("\0", "_"))
    return Path(os.path.abspath(found))


class Places:
    """Conversions for one client: the encoding that was agreed on, and the URIs under which it knows files."""

    def __init__(self) -> None:
        self.encoding = Encoding.UTF_16
        self._uris: dict[Path, str] = {}

    def opened(self, uri: str) -> Path:
        """The path of a document that the client has opened, whose URI is used from now on."""
        path = path_of(uri)
        self._uris[path] = uri
        return path

    def uri(self, path: Path) -> str:
        return self._uris.get(path) or uris.from_fs_path(str(path)) or path.as_uri()

    def position(self, text: Text, offset: int) -> types.Position:
        line, column = text.position(offset)
        whole = text.lines[line]
        return types.Position(line, units(whole[:column], self.encoding) if not whole.isascii() else column)

    def range(self, text: Text, start: int, end: int) -> types.Range:
        return types.Range(self.position(text, start), self.position(text, end))

    def offset(self, text: Text, position: types.Position) -> int:
        return text.offset(*self.place(text, position))

    def place(self, text: Text, position: types.Position) -> tuple[int, int]:
        """Line and column of a position; beyond the end of the text: its end."""
        if position.line >= len(text.lines):
            return len(text.lines), 0
        line = text.lines[position.line].rstrip("\r\n")
        return position.line, column_of_units(line, position.character, self.encoding)

    def location(self, path: Path, text: Text, start: int, end: int) -> types.Location:
        return types.Location(self.uri(path), self.range(text, start, end))
