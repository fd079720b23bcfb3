"""Hover, end to end; the descriptions come from the machine's rows and the program."""

from __future__ import annotations

import pytest
from lsprotocol import types

from tests.lsp.editor import Editor, at, marked

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = """\
; the limit of everything
CONST %LIMIT = 2 ** 4 + 1
VAR GLOBAL first
VAR CTX table[%LIMIT] ; a table
"""

PROGRAM = """\
; the limit of everything
CONST %LIMIT = 2 ** 4 + 1
VAR GLOBAL first
VAR GLOBAL table[8] ; holds squares
VAR CTX own
start:
        %LIMIT => A             :CALL(square)
        $ => B                  :MLOAD(table[3]), JMP(done)

; squares A
;@ run A=3 => C=9
/* and leaves
   the result in C */
square:
        0 => C, D
        A => B
        A - %LIMIT              :JMPN(small)
        0 => C                  :RETURN
small:
        ${A * B} => C           :ARITH, MSTORE(own)
        4294967295n => E        :RETURN
done:
        ${beforeLast(2) + mem.first} => A :ADD, JMPC(start)
        CNT_BINARY => A         :JMP(next)
"""


async def hover(desk: Editor, piece: str, nth: int = 0, *, name: str = "hover.zkasm") -> tuple[str, str]:
    params = types.HoverParams(desk.document(name), at(PROGRAM, piece, nth))
    found = await desk.client.text_document_hover_async(params)
    if found is None:
        return "", ""
    assert isinstance(found.contents, types.MarkupContent)
    assert found.range is not None
    return found.contents.value, marked(PROGRAM, found.range)


@pytest.mark.parametrize(
    ("piece", "nth", "place", "said"),
    [
        ("ARITH", 0, "ARITH", ["A·B + C = D·2^64 + op", "**Constrained:** A, B, C, D and op", "8 arith"]),
        ("ARITH", 0, "ARITH", ["**This step:** 1 main + 8 arith + 1 memory rows · address 6"]),
        ("MLOAD", 0, "MLOAD", ["Operand `name[number]`: element n of a variable", "gives a bare `$` its value"]),
        ("A - %", 0, "A", ["**A**: register, 2 limbs of 32 bits, read and written", "**This step:** 1 main row ·"]),
        ("CNT_B", 0, "CNT_BINARY", ["counter, read only", "Counts binary operations."]),
        ("LIMIT", 1, "LIMIT", ["CONST %LIMIT = 17", "the limit of everything", "17 = 0x11"]),
        ("%LIMIT", 1, "LIMIT", ["CONST %LIMIT = 17"]),
        ("table[3]", 0, "table", ["VAR GLOBAL table[8]", "holds squares", "cells 0x1 to 0x8 of context 0"]),
        ("own)", 0, "own", ["VAR CTX own", "cell 0x0 of its context (+ CTX·0x40000)"]),
        ("square)", 0, "square", ["squares A\nand leaves\nthe result in C", "address 2 · named 1 time"]),
        ("square:", 0, "square", ["**Block:** 4 main\n", "**Routine:** 6 steps, each once: 8 arith + 1 memory"]),
        ("square:", 0, "square", ["a run takes 4 to 5"]),
        ("start:", 0, "start", ["calls `square`, which comes on top"]),
        ("4294967295n", 0, "4294967295n", ["0xffffffff, over all limbs"]),
        ("beforeLast", 0, "beforeLast", ["function of advice, parameters: 0 to 1"]),
        ("first}", 0, "first", ["VAR GLOBAL first"]),
        ("$ => B", 0, "$", ["the value that MLOAD defines"]),
        ("next", 0, "next", ["the following step"]),
    ],
)
async def test_says(desk: Editor, piece: str, nth: int, place: str, said: list[str]) -> None:
    if desk.uri("hover.zkasm") not in desk.versions:
        desk.open(PROGRAM, "hover.zkasm")
    text, covered = await hover(desk, piece, nth)
    assert covered == place
    for one in said:
        assert one in text, text
    assert "@ run" not in text


async def test_is_silent_in_comments(desk: Editor) -> None:
    desk.open(PROGRAM, "silent.zkasm")
    assert await hover(desk, "squares A", name="silent.zkasm") == ("", "")
