"""The language server: documents and settings in, features bound to the protocol; `zkwasm lsp` runs it."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Coroutine
from typing import Any

from lsprotocol import types
from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.language_server import lsp_method

from zkwasm_compiler.asm.dialect import PROJECT_FILE, PYPROJECT_FILE
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_lsp.background import Background
from zkwasm_lsp.language.text import Encoding, Text
from zkwasm_lsp.places import path_of
from zkwasm_lsp.publishing import Publisher
from zkwasm_lsp.session import Session
from zkwasm_lsp.settings import SECTION, settings_from

NAME = "zkwasm"


class Protocol(LanguageServerProtocol):
    """The protocol without pygls's own documents: the session keeps them, whose lines end where zkASM's do."""

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Any:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Any:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Any:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None


class ZkasmServer(LanguageServer):
    """A server for one client."""

    def __init__(self, version: str) -> None:
        super().__init__(NAME, version, protocol_cls=Protocol)
        self.session = Session()
        self.publisher = Publisher(self)
        self.background = Background(self)
        self._tasks: set[asyncio.Task[None]] = set()

    def serve_tcp(self, host: str, port: int) -> None:
        """Wait for one client and talk to it until its connection ends, also when it breaks.

        *Raises:* ConfigurationError when nothing can listen there.
        """
        asyncio.run(self._serve_one(host, port))

    async def _serve_one(self, host: str, port: int) -> None:
        stop = threading.Event()
        ended = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.protocol.set_writer(writer)
            try:
                await run_async(stop, reader, self.protocol, error_handler=self.report_server_error)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                ended.set()

        try:
            listening = await asyncio.start_server(talk, host, port)
        except (OSError, OverflowError) as error:
            raise ConfigurationError(f"cannot listen on {host}:{port}: {error}; choose another --port") from None
        print(f"listening on {host}:{listening.sockets[0].getsockname()[1]}", file=sys.stderr, flush=True)
        await ended.wait()
        listening.close()

    def start_task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` beside the requests."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def log(self, message: str) -> None:
        """Write into the client's log of the server."""
        self.window_log_message(types.LogMessageParams(types.MessageType.Info, message))

    def warn(self, message: str) -> None:
        """Tell the user that something he has set is wrong."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))


def make_server(version: str) -> ZkasmServer:
    """The server with all features."""
    from zkwasm_lsp.features import FEATURES

    # Programs are many objects without cycles; looking for cycles among them is what would make a reader wait.
    gc.set_threshold(1_000_000, 20, 100)
    server = ZkasmServer(version)
    _bind_life(server)
    _bind_documents(server)
    for feature in FEATURES:
        feature.register(server)
    return server


def _bind_life(server: ZkasmServer) -> None:
    session = server.session

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        session.places.encoding = Encoding(server.workspace.position_encoding)
        _apply_settings(server, params.initialization_options)

    @server.feature(types.INITIALIZED)
    async def initialized(params: types.InitializedParams) -> None:
        folders = [path_of(folder.uri) for folder in server.workspace.folders.values()]
        root = server.workspace.root_uri
        if not folders and root:
            folders = [path_of(root)]
        session.project.set_folders(folders)
        await _watch(server)
        await _fetch_settings(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        if not await _fetch_settings(server):
            _apply_settings(server, params.settings)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        session.project.set_folders(path_of(folder.uri) for folder in server.workspace.folders.values())
        _look_again(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_files(params: types.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            exists = change.type is not types.FileChangeType.Deleted
            session.project.note_on_disk(path_of(change.uri), exists=exists)
        session.forget()
        _look_again(server)


async def _watch(server: ZkasmServer) -> None:
    """Ask the client to tell of files that change on disk."""
    workspace = server.client_capabilities.workspace
    watching = workspace and workspace.did_change_watched_files
    if watching and watching.dynamic_registration:
        watched = ("**/*.zkasm", f"**/{PROJECT_FILE}", f"**/{PYPROJECT_FILE}")
        registration = types.Registration(
            "watch-zkasm",
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
            types.DidChangeWatchedFilesRegistrationOptions(list(map(types.FileSystemWatcher, watched))),
        )
        await server.client_register_capability_async(types.RegistrationParams([registration]))


async def _fetch_settings(server: ZkasmServer) -> bool:
    """Ask the client for the settings; False when it cannot tell them."""
    workspace = server.client_capabilities.workspace
    if not (workspace and workspace.configuration):
        return False
    items = [types.ConfigurationItem(section=SECTION)]
    found = await server.workspace_configuration_async(types.ConfigurationParams(items))
    _apply_settings(server, found[0] if found else None)
    return True


def _apply_settings(server: ZkasmServer, sent: Any) -> None:
    if sent is None:
        return
    settings, wrong = settings_from(sent)
    for message in wrong:
        server.warn(message)
    if settings != server.session.settings:
        server.session.settings = settings
        server.session.forget()
        _look_again(server)


def _look_again(server: ZkasmServer) -> None:
    for path in server.session.project.open_paths:
        server.publisher.schedule(path, 0)


def _bind_documents(server: ZkasmServer) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        path = session.places.opened(params.text_document.uri)
        session.project.open(path, Text.of(params.text_document.text))
        session.versions[path] = params.text_document.version
        server.publisher.schedule(path, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if not session.project.is_open(path):
            return
        text = session.text(path)
        for change in params.content_changes:
            text = _changed(server, text, change)
        session.project.open(path, text)
        session.versions[path] = params.text_document.version
        server.publisher.schedule(path)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        session.project.close(path)
        session.versions.pop(path, None)
        server.publisher.closed(path)


def _changed(server: ZkasmServer, text: Text, change: types.TextDocumentContentChangeEvent) -> Text:
    if isinstance(change, types.TextDocumentContentChangePartial):
        places = server.session.places
        start, end = places.place(text, change.range.start), places.place(text, change.range.end)
        return text.edited(start, end, change.text)
    return Text.of(change.text)
