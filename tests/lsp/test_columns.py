"""Columns are UTF-16: a text with characters beyond the first plane is answered as one with twice as many letters."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from lsprotocol import types
from pygls.protocol import default_converter

from tests.lsp.editor import Editor, at, position

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIDE, PLAIN = "𝒳𝒳", "xxxx"
TEXT = """\
/* {0} */ VAR GLOBAL cell VAR GLOBAL idle
/* {0} */ CONST %K = 3 * 2
/* {0} */ INCLUDE "gone.zkasm" ; {0}
;@ run A=1 => A=2 {0}
;@ run A=1 => A=1 ; {0}
/* {0} */ l: :RETURN
/* {0} */ %K + ${{A + mem.cell}} => A   :CALL(l)
/* {0} */ $=>B:MLOAD(cell), CALL(l)
/* {0} */ ${{comp_lt(A, B)}} => C
        A => B ; {0}
/* {0} */ ${{A + B}} => C
/* {0} */ :JMP(nowhere)
"""

Ask = Callable[[Any, types.TextDocumentIdentifier, str], Awaitable[Any]]


def placed(method: str, kind: type, piece: str, nth: int = 0, shift: int = 0, *more: Any) -> Ask:
    """A request about one place, that of a piece of the text."""

    async def ask(client: Any, document: types.TextDocumentIdentifier, text: str) -> Any:
        place = at(text, piece, nth)
        place.character += shift
        return await getattr(client, method)(kind(document, place, *more))

    return ask


def whole(method: str, kind: type, *more: Any) -> Ask:
    """A request about a whole document."""

    async def ask(client: Any, document: types.TextDocumentIdentifier, text: str) -> Any:
        return await getattr(client, method)(kind(document, *more))

    return ask


def ranged(method: str, kind: type, *more: Any) -> Ask:
    """A request about a range that begins and ends within lines."""

    async def ask(client: Any, document: types.TextDocumentIdentifier, text: str) -> Any:
        area = types.Range(at(text, "%K +"), at(text, "(nowhere"))
        return await getattr(client, method)(kind(document, area, *more))

    return ask


async def references(client: Any, document: types.TextDocumentIdentifier, text: str) -> Any:
    context = types.ReferenceContext(include_declaration=True)
    params = types.ReferenceParams(context, document, at(text, "cell)"))
    return await client.text_document_references_async(params)


async def calls(client: Any, document: types.TextDocumentIdentifier, text: str) -> Any:
    prepared = types.CallHierarchyPrepareParams(document, at(text, "l)"))
    (item,) = await client.text_document_prepare_call_hierarchy_async(prepared)
    incoming = await client.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item))
    return item, incoming


async def selections(client: Any, document: types.TextDocumentIdentifier, text: str) -> Any:
    params = types.SelectionRangeParams(document, [at(text, "cell)"), at(text, "K +")])
    return await client.text_document_selection_range_async(params)


async def actions(client: Any, document: types.TextDocumentIdentifier, text: str) -> Any:
    made = []
    for piece in ("(nowhere", "idle"):
        found = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(document))
        place = at(text, piece)
        mine = [one for one in found.items if one.range.start.line == place.line]
        params = types.CodeActionParams(document, types.Range(place, place), types.CodeActionContext(mine))
        made += await client.text_document_code_action_async(params)
    return made


async def symbols_of_all(client: Any, document: types.TextDocumentIdentifier, text: str) -> Any:
    found = await client.workspace_symbol_async(types.WorkspaceSymbolParams("cell"))
    return [one for one in found if one.location.uri == document.uri]


OPTIONS = types.FormattingOptions(tab_size=8, insert_spaces=True)
ASKED: dict[str, Ask] = {
    "diagnostics": whole("text_document_diagnostic_async", types.DocumentDiagnosticParams),
    "hover": placed("text_document_hover_async", types.HoverParams, "MLOAD"),
    "hover of advice": placed("text_document_hover_async", types.HoverParams, "comp_lt"),
    "completion": placed("text_document_completion_async", types.CompletionParams, "MLOAD", 0, 2),
    "signature": placed("text_document_signature_help_async", types.SignatureHelpParams, "B)}"),
    "definition": placed("text_document_definition_async", types.DefinitionParams, "cell}"),
    "references": references,
    "highlights": placed("text_document_document_highlight_async", types.DocumentHighlightParams, "cell)"),
    "rename, prepared": placed("text_document_prepare_rename_async", types.PrepareRenameParams, "cell)"),
    "rename": placed("text_document_rename_async", types.RenameParams, "cell)", 0, 0, "word"),
    "symbols": whole("text_document_document_symbol_async", types.DocumentSymbolParams),
    "symbols of all": symbols_of_all,
    "semantic tokens": whole("text_document_semantic_tokens_full_async", types.SemanticTokensParams),
    "semantic tokens of a range": ranged("text_document_semantic_tokens_range_async", types.SemanticTokensRangeParams),
    "inlay hints": ranged("text_document_inlay_hint_async", types.InlayHintParams),
    "folding": whole("text_document_folding_range_async", types.FoldingRangeParams),
    "selection": selections,
    "calls": calls,
    "links": whole("text_document_document_link_async", types.DocumentLinkParams),
    "lenses": whole("text_document_code_lens_async", types.CodeLensParams),
    "actions": actions,
    "formatting": whole("text_document_formatting_async", types.DocumentFormattingParams, OPTIONS),
    "formatting of a range": ranged(
        "text_document_range_formatting_async", types.DocumentRangeFormattingParams, OPTIONS
    ),
}


async def answer(desk: Editor, name: str, letters: str, ask: Ask) -> str:
    text = desk.open(TEXT.format(letters), name)
    found = await ask(desk.client, desk.document(name), text)
    assert found
    shown = json.dumps(default_converter().unstructure(found), ensure_ascii=False)
    desk.close(name)
    return re.sub(r', "resultId": "\d+"', "", shown.replace(desk.uri(name), "file").replace(letters, PLAIN))


@pytest.mark.parametrize("asked", ASKED)
async def test_a_character_of_two_units_counts_as_two(desk: Editor, asked: str) -> None:
    assert position(WIDE, len(WIDE)) == position(PLAIN, len(PLAIN))
    wide, plain = [await answer(desk, "columns.zkasm", letters, ASKED[asked]) for letters in (WIDE, PLAIN)]
    assert wide == plain
