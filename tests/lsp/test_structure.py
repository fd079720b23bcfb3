"""Semantic tokens, folding, selections, inlay hints and the call hierarchy, end to end."""

from __future__ import annotations

import itertools

import pytest
from lsprotocol import types

from tests.lsp.editor import Editor, at, marked, position
from zkwasm_lsp.language.highlight import MODIFIERS, TYPES

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = """\
; constants
; and more
CONST %LIMIT = 2 * 8
CONST %SMALL = 3
VAR GLOBAL cell
/* a comment
   𝒳 of two lines */
start:
        %LIMIT => A             :CALL(square)
        $ => B                  :MLOAD(cell), JMP(start)

; squares
square:
        0 => C, D ; 𝒳
        ${cond(A - const.SMALL)} => C :ARITH, MSTORE(cell)
        :CALL(inner)
        :RETURN
inner:
        1n + SP => A            :RETURN
"""


def decoded(text: str, found: types.SemanticTokensLegend, data: list[int]) -> list[tuple[str, str, bool]]:
    """Pieces of the text with their types, and whether they declare."""
    lines = text.split("\n")
    line = column = 0
    pieces = []
    for number in range(0, len(data), 5):
        down, along, length, kind, modifiers = data[number : number + 5]
        line, column = line + down, (column if down == 0 else 0) + along
        units = lines[line].encode("utf-16-le")
        piece = units[2 * column : 2 * (column + length)].decode("utf-16-le")
        pieces.append((piece, found.token_types[kind], bool(modifiers & 1)))
    return pieces


async def test_semantic_tokens(desk: Editor) -> None:
    text = desk.open(TEXT, "tokens.zkasm")
    legend = types.SemanticTokensLegend(list(TYPES), list(MODIFIERS))
    params = types.SemanticTokensParams(desk.document("tokens.zkasm"))
    found = await desk.client.text_document_semantic_tokens_full_async(params)
    assert found is not None
    pieces = decoded(text, legend, list(found.data))
    for expected in (
        ("CONST", "modifier", False),
        ("%LIMIT", "enumMember", True),
        ("%LIMIT", "enumMember", False),
        ("2", "number", False),
        ("   𝒳 of two lines */", "comment", False),
        ("start", "function", True),
        ("square", "function", False),
        ("CALL", "keyword", False),
        ("cell", "variable", True),
        ("cell", "variable", False),
        ("; 𝒳", "comment", False),
        ("${", "macro", False),
        ("cond", "method", False),
        ("const", "namespace", False),
        ("SMALL", "enumMember", False),
        ("SP", "parameter", False),
        ("=>", "operator", False),
    ):
        assert expected in pieces, pieces
    area = types.Range(at(text, "square:"), at(text, "inner:"))
    part = await desk.client.text_document_semantic_tokens_range_async(
        types.SemanticTokensRangeParams(desk.document("tokens.zkasm"), area)
    )
    assert part is not None
    begin = pieces.index(("square", "function", True))
    in_part = decoded(text, legend, list(part.data))
    assert in_part == pieces[begin : begin + len(in_part)]
    assert in_part[-1] == (":", "operator", False) or in_part[-1] == ("inner", "function", True)


async def test_the_scope_of_a_variable_is_no_register(desk: Editor) -> None:
    text = desk.open("VAR CTX own\nVAR GLOBAL all\n        CTX => A\n", "scope.zkasm")
    params = types.SemanticTokensParams(desk.document("scope.zkasm"))
    found = await desk.client.text_document_semantic_tokens_full_async(params)
    assert found is not None
    pieces = decoded(text, types.SemanticTokensLegend(list(TYPES), list(MODIFIERS)), list(found.data))
    scopes = [(piece, kind) for piece, kind, _ in pieces if piece in ("CTX", "GLOBAL")]
    assert scopes == [("CTX", "modifier"), ("GLOBAL", "modifier"), ("CTX", "parameter")]


async def test_semantic_tokens_by_what_has_changed(desk: Editor) -> None:
    name = "delta.zkasm"
    desk.open(TEXT, name)
    document = desk.document(name)
    full = await desk.client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
    assert full is not None
    place = at(TEXT, "0 => C")
    desk.change(
        types.TextDocumentContentChangePartial(range=types.Range(place, place), text="A + \n\n        B + "), name=name
    )
    params = types.SemanticTokensDeltaParams(document, full.result_id or "")
    delta = await desk.client.text_document_semantic_tokens_full_delta_async(params)
    assert isinstance(delta, types.SemanticTokensDelta)
    (edit,) = delta.edits
    data = list(full.data)
    data[edit.start : edit.start + edit.delete_count] = edit.data or []
    again = await desk.client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
    assert again is not None
    assert data == list(again.data)
    assert len(edit.data or []) < 40
    params = types.SemanticTokensDeltaParams(document, "unknown")
    assert isinstance(await desk.client.text_document_semantic_tokens_full_delta_async(params), types.SemanticTokens)


async def test_folding(desk: Editor) -> None:
    desk.open(TEXT, "folding.zkasm")
    found = await desk.client.text_document_folding_range_async(
        types.FoldingRangeParams(desk.document("folding.zkasm"))
    )
    assert found is not None
    assert [(one.start_line, one.end_line, one.kind) for one in found] == [
        (0, 1, types.FoldingRangeKind.Comment),
        (2, 4, types.FoldingRangeKind.Region),
        (5, 6, types.FoldingRangeKind.Comment),
        (7, 9, None),
        (12, 16, None),
        (17, 18, None),
    ]


async def test_selections_grow(desk: Editor) -> None:
    text = desk.open(TEXT, "selection.zkasm")
    params = types.SelectionRangeParams(
        desk.document("selection.zkasm"), [at(text, "cell), JMP"), at(text, "A - const")]
    )
    found = await desk.client.text_document_selection_range_async(params)
    assert found is not None
    grown = []
    here: types.SelectionRange | None = found[0]
    while here is not None:
        grown.append(marked(text, here.range))
        here = here.parent
    assert grown[:4] == ["", "cell", "MLOAD(cell)", "MLOAD(cell), JMP(start)"]
    assert grown[-1] == text
    assert any(one.startswith("start:") and one.endswith("; squares") for one in grown)
    for inner, outer in itertools.pairwise(grown):
        assert inner in outer
        assert inner != outer
    assert found[1].parent is not None
    assert marked(text, found[1].parent.range) == "A"


async def test_inlay_hints_of_a_range(desk: Editor) -> None:
    text = desk.open(TEXT, "hints.zkasm")
    document = desk.document("hints.zkasm")
    everything = types.Range(types.Position(0, 0), position(text, len(text)))
    found = await desk.client.text_document_inlay_hint_async(types.InlayHintParams(document, everything))
    assert found is not None
    assert [(one.position.line, one.label) for one in found] == [
        (2, "= 16"),
        (8, "= 16"),
        (9, "+ 1 memory  Σ 2 main + 1 memory"),
        (14, "= 3"),
        (14, "+ 8 arith + 1 memory"),
        (16, "Σ 4 main + 8 arith + 1 memory"),
    ]
    assert all(one.padding_left for one in found)
    assert [one.label for one in found if one.padding_right] == ["= 3"]  # the one with code right behind it
    area = types.Range(types.Position(15, 0), types.Position(16, 0))
    part = await desk.client.text_document_inlay_hint_async(types.InlayHintParams(document, area))
    assert part is not None
    assert [(one.position.line, one.label) for one in part] == [(16, "Σ 4 main + 8 arith + 1 memory")]


async def test_one_inlay_hint_at_a_place(desk: Editor) -> None:
    desk.open("CONST %K = 3\n        A :MLOAD(y)\n        %K\nVAR GLOBAL y\n", "place.zkasm")
    everything = types.Range(types.Position(0, 0), types.Position(4, 0))
    params = types.InlayHintParams(desk.document("place.zkasm"), everything)
    found = await desk.client.text_document_inlay_hint_async(params)
    assert [one.label for one in found or []] == ["+ 1 memory", "= 3  Σ 2 main + 1 memory"]


async def test_call_hierarchy(desk: Editor) -> None:
    text = desk.open(TEXT, "calls.zkasm")
    document = desk.document("calls.zkasm")
    prepared = await desk.client.text_document_prepare_call_hierarchy_async(
        types.CallHierarchyPrepareParams(document, at(text, "square)"))
    )
    assert prepared is not None
    (item,) = prepared
    assert (item.name, item.range.start) == ("square", at(text, "square:"))
    incoming = await desk.client.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item))
    assert incoming is not None
    assert [(one.from_.name, [marked(text, place) for place in one.from_ranges]) for one in incoming] == [
        ("start", ["square"])
    ]
    outgoing = await desk.client.call_hierarchy_outgoing_calls_async(types.CallHierarchyOutgoingCallsParams(item))
    assert outgoing is not None
    assert [one.to.name for one in outgoing] == ["inner"]
    nothing = types.CallHierarchyPrepareParams(document, at(text, "cell"))
    assert await desk.client.text_document_prepare_call_hierarchy_async(nothing) is None
