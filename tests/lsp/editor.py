"""An editor without a screen: a client of the protocol, with places written as text.

`at("text", "find")` is the position where a piece of a text begins; `marked` is the piece that a range covers.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls import uris
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features


def publish(client: LanguageClient, params: types.PublishDiagnosticsParams) -> None:
    """Keep all that is published, not only the diagnostics."""
    assert isinstance(client.diagnostics, Inbox)
    client.diagnostics.receive(params)


def make_client() -> LanguageClient:
    client = LanguageClient(converter_factory=default_converter)
    register_lsp_features(client, DEFAULT_CLIENT_FEATURES | {types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: publish})
    return client


CONFIG = ClientServerConfig(server_command=[sys.executable, "-m", "hatch_zkwasm", "lsp"], client_factory=make_client)

PATIENCE = 60.0
"""The seconds to wait for something before it has failed."""


def at(text: str, piece: str, nth: int = 0) -> types.Position:
    """Where the `nth` occurrence of a piece of a text begins."""
    offset = -1
    for _ in range(nth + 1):
        offset = text.index(piece, offset + 1)
    return position(text, offset)


def position(text: str, offset: int) -> types.Position:
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return types.Position(before.count("\n"), len(before.rpartition("\n")[2].encode("utf-16-le")) // 2)


def marked(text: str, place: types.Range) -> str:
    """The piece of a text that a range covers."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def offset(where: types.Position) -> int:
        line = lines[where.line].encode("utf-16-le")[: 2 * where.character].decode("utf-16-le")
        return sum(len(one) + 1 for one in lines[: where.line]) + len(line)

    return "\n".join(lines)[offset(place.start) : offset(place.end)]


class Inbox(dict[str, Sequence[types.Diagnostic]]):
    """The newest diagnostics of each document, all publications in their order, and those that nobody has looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.published: dict[str, list[types.PublishDiagnosticsParams]] = defaultdict(list)
        self._unread: dict[str, asyncio.Queue[types.PublishDiagnosticsParams]] = defaultdict(asyncio.Queue)

    def receive(self, params: types.PublishDiagnosticsParams) -> None:
        self[params.uri] = params.diagnostics
        self.published[params.uri].append(params)
        self._unread[params.uri].put_nowait(params)

    def clear_unread(self, uri: str) -> None:
        """Take all that has come for looked at."""
        self._unread.pop(uri, None)

    async def next(self, uri: str) -> types.PublishDiagnosticsParams:
        return await self._unread[uri].get()


class Editor:
    """A client with its folder."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.inbox = Inbox()
        client.diagnostics = self.inbox
        self.folder = folder
        self.versions: dict[str, int] = {}

    async def start(
        self,
        settings: dict[str, Any] | None = None,
        capabilities: types.ClientCapabilities | None = None,
    ) -> types.InitializeResult:
        params = types.InitializeParams(
            capabilities=capabilities or types.ClientCapabilities(),
            workspace_folders=[types.WorkspaceFolder(uris.from_fs_path(str(self.folder)) or "", "folder")],
            initialization_options=settings,
        )
        return await self.client.initialize_session(params)

    def uri(self, name: str) -> str:
        return uris.from_fs_path(str(self.folder / name)) or ""

    def document(self, name: str = "main.zkasm") -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri(name))

    def open(self, text: str, name: str = "main.zkasm") -> str:
        """Open a document and give its text."""
        uri = self.uri(name)
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, "zkasm", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return text

    def close(self, name: str = "main.zkasm") -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.document(name)))

    def change(self, *changes: types.TextDocumentContentChangeEvent, name: str = "main.zkasm") -> None:
        uri = self.uri(name)
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, list(changes)))

    def replace(self, text: str, name: str = "main.zkasm") -> str:
        """Replace all of a document and give its text."""
        self.change(types.TextDocumentContentChangeWholeDocument(text), name=name)
        return text

    def write(self, text: str, name: str) -> Path:
        """A file on disk."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    async def pushed(self, name: str = "main.zkasm") -> list[types.Diagnostic]:
        """The next diagnostics of a document that the server sends, or has sent since the last time."""
        return list((await self.publication(name)).diagnostics)

    async def publication(self, name: str = "main.zkasm") -> types.PublishDiagnosticsParams:
        """As `pushed`, with the version that they are of."""
        return await asyncio.wait_for(self.inbox.next(self.uri(name)), PATIENCE)

    async def pulled(self, name: str = "main.zkasm") -> list[types.Diagnostic]:
        """The diagnostics of a document, asked for."""
        params = types.DocumentDiagnosticParams(self.document(name))
        report = await self.client.text_document_diagnostic_async(params)
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        return list(report.items)
