"""Code actions and formatting, end to end: the text after the edit."""

from __future__ import annotations

import pytest
from lsprotocol import types

from tests.lsp.editor import Editor, at, position

pytestmark = pytest.mark.asyncio(loop_scope="module")

numbers = iter(range(1000))


def applied(text: str, edits: list[types.TextEdit]) -> str:
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines) + 1)]
    for edit in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        start = starts[edit.range.start.line] + edit.range.start.character
        end = starts[edit.range.end.line] + edit.range.end.character
        text = text[:start] + edit.new_text + text[end:]
    return text


async def actions(desk: Editor, text: str) -> dict[str, str]:
    """The titles of the actions at the `|` of a text, and what they make of it."""
    name = f"actions{next(numbers)}.zkasm"
    place = at(text, "|")
    text = text.replace("|", "", 1)
    desk.open(text, name)
    found = [one for one in await desk.pulled(name) if one.range.start.line <= place.line <= one.range.end.line]
    params = types.CodeActionParams(desk.document(name), types.Range(place, place), types.CodeActionContext(found))
    made = await desk.client.text_document_code_action_async(params)
    outcome = {}
    for action in made or []:
        assert isinstance(action, types.CodeAction)
        assert action.edit is not None
        assert action.edit.changes is not None
        outcome[action.title] = applied(text, list(action.edit.changes[desk.uri(name)]))
    return outcome


@pytest.mark.parametrize(
    ("text", "title", "after"),
    [
        ("|:JMP(gone)\n", "define the label `gone` at the end", ":JMP(gone)\ngone:\n"),
        ("|:JMP(gone)", "define the label `gone` at the end", ":JMP(gone)\ngone:\n"),
        ("VAR GLOBAL y\n|A :MSTORE(x)\n", "declare `VAR GLOBAL x`", "VAR GLOBAL y\nVAR GLOBAL x\nA :MSTORE(x)\n"),
        ("|${mem.x} => A\n", "declare `VAR GLOBAL x`", "VAR GLOBAL x\n${mem.x} => A\n"),
        ("0 => A\n|%K => A\n", "define `CONST %K = 0`", "0 => A\nCONST %K = 0\n%K => A\n"),
        ("|4294967296 => A\n", "write it with the suffix `n`", "4294967296n => A\n"),
        ("|-${A} => B\n", "subtract it from 0", "0 - ${A} => B\n"),
        ("|VAR GLOBAL x\n0 => A\n", "remove it", "0 => A\n"),
        ("|VAR GLOBAL x VAR GLOBAL y\nA :MSTORE(y)\n", "remove it", " VAR GLOBAL y\nA :MSTORE(y)\n"),
        ("l: :JMP(l)\n|0 => A\n1 => B\n", "remove them", "l: :JMP(l)\n"),
        ("|${A + B} => C\n", "constrain the advice with ADD", "$ => C :ADD\n"),
        ("|${B & A} => C :JMPZ(l)\nl:\n", "constrain the advice with AND", "$ => C :AND, JMPZ(l)\nl:\n"),
        ("|${mem.x} => C\nVAR CTX x\n", "constrain the advice with MLOAD", "$ => C :MLOAD(x)\nVAR CTX x\n"),
        ("|$ => C :SUB ; c\n", "write the value of `$`: `A - B`", "${A - B} => C :SUB ; c\n"),
        ("|$ => C :MLOAD(x)\nVAR CTX x\n", "write the value of `$`: `mem.x`", "${mem.x} => C :MLOAD(x)\nVAR CTX x\n"),
        ("|A :JMPN(l)\nl:\n", "write the other way of JMPN", "A :JMPN(l, next)\nl:\n"),
        (
            "|$ => C :ADD\n\n  C :MSTORE(x) ; c\nVAR CTX x\n",
            "join the two steps",
            "$ => C :ADD, MSTORE(x) ; c\nVAR CTX x\n",
        ),
        ("|/* c */ ${A + B} => C ; /*\n", "constrain the advice with ADD", "/* c */ $ => C :ADD ; /*\n"),
        ("|A => B\nB => C /* c */\n", "join the two steps", "A => B, C /* c */\n"),
        ("|A => B\n:JMP(l)\nl:\n", "join the two steps", "A => B :JMP(l)\nl:\n"),
        ("|A + 1 => C\nC => D :JMPZ(l)\nl:\n", "join the two steps", "A + 1 => C, D :JMPZ(l)\nl:\n"),
    ],
)
async def test_makes(desk: Editor, text: str, title: str, after: str) -> None:
    made = await actions(desk, text)
    assert title in made, made
    assert made[title] == after


@pytest.mark.parametrize(
    "text",
    [
        "|A => B\nl: B => C\n:JMP(l)\n",
        "|A => B ; c\nB => C\n",
        "|1 => A\n$ => B :ADD\n",
        "|1 => RR\n:RETURN\n",
        "|A => B :JMP(l)\nB => C\nl:\n",
        "|$ => A :MLOAD(x)\nA :MSTORE(x)\nVAR CTX x\n",
        "|A => SP\nSP => B\n",
        "|A => B\nzkPC => C\n",
        "|A => B\n2*B => C\n",
        "|A /* c */ => B\nB => C\n",
        "|A => B\nB /* c */ => C\n",
        "|A => B\n/* c */ B => C\n",
    ],
)
async def test_steps_that_are_not_joined(desk: Editor, text: str) -> None:
    assert "join the two steps" not in await actions(desk, text)


@pytest.mark.parametrize("text", ["|${A + B} /* c */ => C\n", "|$ => C /* c */ :SUB\n"])
async def test_steps_with_comments_inside_are_not_rewritten(desk: Editor, text: str) -> None:
    assert not await actions(desk, text)


async def test_only_the_kinds_that_are_wanted(desk: Editor) -> None:
    text = desk.open("$ => C :SUB\n", "kinds.zkasm")
    start = position(text, 0)
    context = types.CodeActionContext([], only=[types.CodeActionKind.QuickFix])
    params = types.CodeActionParams(desk.document("kinds.zkasm"), types.Range(start, start), context)
    assert list(await desk.client.text_document_code_action_async(params) or []) == []


async def test_formatting_of_a_file_and_of_a_range(desk: Editor) -> None:
    text = desk.open("l:\nA=>B\nB=>C ; é\nC=>D\n", "format.zkasm")
    options = types.FormattingOptions(tab_size=8, insert_spaces=True)
    document = desk.document("format.zkasm")
    edits = await desk.client.text_document_formatting_async(types.DocumentFormattingParams(document, options))
    assert applied(text, list(edits or [])) == "l:\n        A => B\n        B => C  ; é\n        C => D\n"
    area = types.Range(types.Position(2, 0), types.Position(3, 0))
    params = types.DocumentRangeFormattingParams(document, area, options)
    edits = await desk.client.text_document_range_formatting_async(params)
    assert applied(text, list(edits or [])) == "l:\nA=>B\n        B => C  ; é\nC=>D\n"
    for start, end, first, last in (((1, 1), (1, 2), 1, 1), ((1, 3), (2, 1), 1, 2), ((2, 0), (2, 0), 2, 2)):
        # A line of which any part is in the range is formatted.
        area = types.Range(types.Position(*start), types.Position(*end))
        params = types.DocumentRangeFormattingParams(document, area, options)
        edits = await desk.client.text_document_range_formatting_async(params)
        assert sorted(one.range.start.line for one in edits or []) == list(range(first, last + 1))
    tabs = types.FormattingOptions(tab_size=8, insert_spaces=False)
    edits = await desk.client.text_document_formatting_async(types.DocumentFormattingParams(document, tabs))
    assert applied(text, list(edits or [])).startswith("l:\n\tA => B\n")
