"""Random edits never break the server, and leave it as one that is opened with the last text.

`ZKWASM_LSP_EXAMPLES` sets how many histories are tried (default 25, of up to 12 edits each, all features asked after
each of them).
"""

from __future__ import annotations

import math
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls import uris

from tests.lsp.editor import Editor
from tests.lsp.texts import ENDS, PIECES, snippets, texts
from zkwasm_lsp import session
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer, make_server

EXAMPLES = int(os.environ.get("ZKWASM_LSP_EXAMPLES", "25"))
MAIN, OTHER = "main.zkasm", "other.zkasm"
OTHER_TEXT = "VAR GLOBAL x\nl2:\n        A :MSTORE(x), JMP(l1)\n"
LINE_END = re.compile(r"\r\n|\r|\n")

Edit = tuple[tuple[int, int], tuple[int, int], str]

places = st.tuples(st.integers(0, 18), st.integers(0, 40))
edits = st.tuples(places, places, snippets)


def units_of(text: str) -> list[bytes]:
    data = text.encode("utf-16-le", "surrogatepass")
    return [data[place : place + 2] for place in range(0, len(data), 2)]


def offset_of(text: str, place: tuple[int, int]) -> int:
    """The offset in code units of a position, clamped to its line; within a character: where it begins."""
    starts = [0, *(match.end() for match in LINE_END.finditer(text))]
    ends = [*(match.start() for match in LINE_END.finditer(text)), len(text)]
    if place[0] >= len(starts):
        return len(units_of(text))
    line = units_of(text[starts[place[0]] : ends[place[0]]])
    column = min(place[1], len(line))
    if 0 < column < len(line) and line[column - 1][1] & 0xFC == 0xD8 and line[column][1] & 0xFC == 0xDC:
        column -= 1
    return len(units_of(text[: starts[place[0]]])) + column


def edited(text: str, edit: Edit) -> str:
    """The text after an edit, by its code units alone."""
    start, end = sorted(offset_of(text, place) for place in edit[:2])
    units = units_of(text)
    return b"".join([*units[:start], *units_of(edit[2]), *units[end:]]).decode("utf-16-le", "surrogatepass")


class Desk:
    """A server in this process, asked without a client."""

    def __init__(self, server: ZkasmServer, folder: Path) -> None:
        self.server = server
        server.session.__init__()  # type: ignore[misc] # making a server anew takes half a second
        self.uri = uris.from_fs_path(str(folder / MAIN)) or ""
        self.other = uris.from_fs_path(str(folder / OTHER)) or ""
        self.version = 0

    def ask(self, method: str, params: Any) -> Any:
        return self.server.protocol.fm.features[method](params)

    def open(self, uri: str, text: str) -> None:
        item = types.TextDocumentItem(uri, "zkasm", 0, text)
        self.ask(types.TEXT_DOCUMENT_DID_OPEN, types.DidOpenTextDocumentParams(item))

    def change(self, *made: Edit) -> None:
        self.version += 1
        changes = [
            types.TextDocumentContentChangePartial(
                range=types.Range(types.Position(*min(start, end)), types.Position(*max(start, end))), text=new
            )
            for start, end, new in made
        ]
        document = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        self.ask(types.TEXT_DOCUMENT_DID_CHANGE, types.DidChangeTextDocumentParams(document, changes))

    @property
    def text(self) -> str:
        return self.server.session.text(path_of(self.uri)).text

    def state(self, place: tuple[int, int]) -> dict[str, Any]:
        """Everything that the server says about the document, and about a place of it."""
        document, here = types.TextDocumentIdentifier(self.uri), types.Position(*place)
        area = types.Range(types.Position(0, 0), types.Position(99, 0))
        options = types.FormattingOptions(4, True)
        diagnostics = self.server.publisher.diagnostics(path_of(self.uri))
        context = types.CodeActionContext(diagnostics)
        asked = {
            types.TEXT_DOCUMENT_HOVER: types.HoverParams(document, here),
            types.TEXT_DOCUMENT_DEFINITION: types.DefinitionParams(document, here),
            types.TEXT_DOCUMENT_REFERENCES: types.ReferenceParams(types.ReferenceContext(True), document, here),
            types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: types.DocumentHighlightParams(document, here),
            types.TEXT_DOCUMENT_DOCUMENT_LINK: types.DocumentLinkParams(document),
            types.TEXT_DOCUMENT_PREPARE_RENAME: types.PrepareRenameParams(document, here),
            types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: types.DocumentSymbolParams(document),
            types.WORKSPACE_SYMBOL: types.WorkspaceSymbolParams(""),
            types.TEXT_DOCUMENT_COMPLETION: types.CompletionParams(document, here),
            types.TEXT_DOCUMENT_SIGNATURE_HELP: types.SignatureHelpParams(document, here),
            types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE: types.SemanticTokensRangeParams(document, area),
            types.TEXT_DOCUMENT_FOLDING_RANGE: types.FoldingRangeParams(document),
            types.TEXT_DOCUMENT_SELECTION_RANGE: types.SelectionRangeParams(document, [here]),
            types.TEXT_DOCUMENT_INLAY_HINT: types.InlayHintParams(document, area),
            types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: types.CallHierarchyPrepareParams(document, here),
            types.TEXT_DOCUMENT_CODE_LENS: types.CodeLensParams(document),
            types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionParams(document, types.Range(here, here), context),
            types.TEXT_DOCUMENT_FORMATTING: types.DocumentFormattingParams(document, options),
        }
        found = {method: self.ask(method, params) for method, params in asked.items()}
        full = self.ask(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensParams(document))
        return {**found, "diagnostics": diagnostics, "tokens": full.data}


@pytest.fixture(scope="module")
def server() -> Iterator[ZkasmServer]:
    made = make_server("0")
    made.publisher.schedule = lambda *_: None  # type: ignore[method-assign] # there is nobody to send to
    made.protocol.client_capabilities = types.ClientCapabilities()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "PATIENCE", math.inf)  # a busy machine makes no program a large one
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("edits")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts, st.lists(st.lists(edits, min_size=1, max_size=3), max_size=12), places)
def test_a_history_leaves_no_trace(
    server: ZkasmServer, folder: Path, text: str, history: list[list[Edit]], place: tuple[int, int]
) -> None:
    desk = Desk(server, folder)
    desk.open(desk.other, OTHER_TEXT)
    desk.open(desk.uri, text)
    for step in history:
        desk.change(*step)
        for edit in step:
            text = edited(text, edit)
        assert desk.text == text
        desk.state(place)
    state = desk.state(place)
    fresh = Desk(server, folder)
    fresh.open(fresh.other, OTHER_TEXT)
    fresh.open(fresh.uri, text)
    assert state == fresh.state(place)


async def test_a_client_that_types_without_end(editor: Editor) -> None:
    """Through the protocol: a few hundred edits without a rest, then the diagnostics of a file opened afresh."""
    choose = random.Random(7)
    # Named, for on a busy machine the program may count as a large one, which keeps the dialect that was found first.
    await editor.start({"audit": {"enable": False}, "dialect": "64"})
    text = editor.open("".join(choose.choice(PIECES) + choose.choice(ENDS) for _ in range(60)))
    for _ in range(300):
        start, end = sorted((choose.randrange(40), choose.randrange(60)) for _ in range(2))
        if choose.random() < 0.8:
            end = start
        edit = (start, end, choose.choice(PIECES) + choose.choice(ENDS))
        area = types.Range(types.Position(*start), types.Position(*end))
        editor.change(types.TextDocumentContentChangePartial(range=area, text=edit[2]))
        text = edited(text, edit)
    after = await editor.pulled()
    editor.open(text, "fresh/main.zkasm")
    fresh = await editor.pulled("fresh/main.zkasm")

    def shown(found: list[types.Diagnostic]) -> list[tuple[object, ...]]:
        return [(one.code, one.message.replace("fresh/", ""), one.range, one.severity) for one in found]

    assert shown(after) == shown(fresh)
    assert after
