"""Completion and signature help, end to end; the places are those of `|`."""

from __future__ import annotations

import pytest
from lsprotocol import types

from tests.lsp.editor import Editor, at
from zkwasm_compiler import isa
from zkwasm_lsp.language.context import Spot, context_after

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEAD = "CONST %LIMIT = 3\nVAR GLOBAL first\nVAR CTX table[4]\nstart:\n"
TAIL = "\nother:\n        :JMP(start)\n"
numbers = iter(range(1000))


def opened(desk: Editor, line: str) -> tuple[types.TextDocumentIdentifier, types.Position]:
    """A document with the line, open, and the place of its `|`."""
    text = HEAD + line + TAIL
    name = f"completion{next(numbers)}.zkasm"
    desk.open(text.replace("|", "", 1), name)
    return desk.document(name), at(text, "|")


async def completed(desk: Editor, line: str) -> list[types.CompletionItem]:
    found = await desk.client.text_document_completion_async(types.CompletionParams(*opened(desk, line)))
    assert isinstance(found, types.CompletionList)
    return sorted(found.items, key=lambda item: item.sort_text or "")


@pytest.mark.parametrize(
    ("line", "first", "without"),
    [
        ("|", ["$", "${}", "A", "B", "C"], ["MLOAD", "start"]),
        ("        A => |", ["A", "B", "C", "CTX"], ["STEP", "ROTL_C", "first"]),
        ("        A => B, |", ["A", "C"], ["B"]),
        ("        A :M|", ["MEM_ALIGN_RD", "MEM_ALIGN_WR", "MEM_ALIGN_WR8", "MLOAD", "MSTORE"], ["ADD"]),
        ("        $ => A :ADD, |", ["ARITH", "ASSERT", "CALL"], []),
        ("        :JMP(|", ["@other", "@start", "E", "other", "RR", "start", "next"], ["first", "SP"]),
        ("        :JMP(@|", ["other", "start"], ["first", "RR"]),
        ("        A :JMPN(start, |", ["other", "start", "next"], ["first"]),
        ("        $ => A :MLOAD(|", ["first", "MEM:", "SP", "STACK:", "SYS:", "table"], ["start"]),
        ("        $ => A :MLOAD(table[|", ["E"], ["table"]),
        ("        %|", ["LIMIT"], ["A"]),
        ("        @|", ["first", "other", "start", "table"], ["LIMIT"]),
        ("VAR |", ["CTX", "GLOBAL"], ["A"]),
        ("CONST %X = |", ["%LIMIT"], ["A"]),
        ("        ${mem.|} => A", ["first", "table"], ["LIMIT", "A"]),
        ("        ${const.L|} => A", ["LIMIT"], ["first"]),
        ("        ${bitw|(A)} => A", ["bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor"], []),
        (";@ |", ["dialect", "run"], ["A"]),
    ],
)
async def test_proposes(desk: Editor, line: str, first: list[str], without: list[str]) -> None:
    labels = [item.label for item in await completed(desk, line)]
    assert labels[: len(first)] == first
    assert set(labels).isdisjoint(without)


@pytest.mark.parametrize("line", ["; a |", "INCLUDE |", "        A => B /* | */", "        A :ADD |"])
async def test_proposes_nothing_where_nothing_fits(desk: Editor, line: str) -> None:
    assert await completed(desk, line) == []


async def test_operations_that_do_not_fit_come_last(desk: Editor) -> None:
    items = await completed(desk, "        $ => A :ADD, |")
    ranks = {item.label: (item.sort_text or "")[0] for item in items}
    assert (ranks["SUB"], ranks["MLOAD"], ranks["JMPC"]) == ("3", "1", "1")


async def test_paths_of_includes(desk: Editor) -> None:
    desk.write("", "lib/routines.zkasm")
    assert "lib/" in [item.label for item in await completed(desk, 'INCLUDE "|')]
    assert [item.label for item in await completed(desk, 'INCLUDE "lib/r|')] == ["routines.zkasm"]


async def test_an_entry_is_documented_when_it_is_looked_at(desk: Editor) -> None:
    item = next(one for one in await completed(desk, "        $ => A :AR|") if one.label == "ARITH")
    assert item.documentation is None
    resolved = await desk.client.completion_item_resolve_async(item)
    assert isinstance(resolved.documentation, types.MarkupContent)
    assert "A·B + C" in resolved.documentation.value


async def test_signature_of_an_operand(desk: Editor) -> None:
    found = await desk.client.text_document_signature_help_async(
        types.SignatureHelpParams(*opened(desk, "        A :JMPN(start, |"))
    )
    assert found is not None
    active = found.signatures[found.active_signature or 0]
    assert (active.label, found.active_parameter) == ("JMPN(name, name)", 1)
    assert active.parameters is not None
    assert active.label[slice(*active.parameters[1].label)] == "name"
    found = await desk.client.text_document_signature_help_async(
        types.SignatureHelpParams(*opened(desk, "        ${memAlignWR_W0(A, B, |)} => C"))
    )
    assert found is not None
    assert (found.signatures[0].label, found.active_parameter) == ("memAlignWR_W0(x1, x2, x3)", 2)


@pytest.mark.parametrize(
    ("text", "spot"),
    [
        ("a: b: ", Spot.STATEMENT),
        ("a: B", Spot.STATEMENT),
        ("A + ", Spot.LEFT_SIDE),
        (":", Spot.OPERATION),
        ("A => B :", Spot.OPERATION),
        ("A :MLOAD(x), ", Spot.OPERATION),
        ("${A + ", Spot.ADVICE),
        ("$${", Spot.ADVICE),
        ('INCLUDE "x/', Spot.PATH),
        ("/* ", Spot.NOTHING),
        ("VAR GLOBAL ", Spot.NOTHING),
        ("VAR GLOBAL x[", Spot.CONSTANT_EXPRESSION),
    ],
)
async def test_context(text: str, spot: Spot) -> None:
    assert context_after(text, isa.machine()).spot is spot
