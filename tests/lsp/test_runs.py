"""Assertions that run: lenses, commands, diagnostics with actual values, counts as hints; end to end."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types

from tests.lsp.editor import Editor, marked, position

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = """\
;@ run A=2 B=3 => A=5 steps=2
;@ run A=2 B=3 => A=6
; adds
sum:
        $ => A :ADD
        :RETURN
;@ run A=1 => A=1
bad:
        A - 1 => B
        B :ASSERT
        :RETURN
;@ run A=3 => B=0
loop:
        A - 1 => A :JMPNZ(loop)
        0 => B :RETURN
"""


async def run(desk: Editor, command: str, name: str, *arguments: object) -> dict[str, object]:
    params = types.ExecuteCommandParams(command, [desk.uri(name), *arguments])
    answer = await desk.client.workspace_execute_command_async(params)
    return dict(answer)


async def lenses(desk: Editor, name: str) -> list[tuple[int, str]]:
    found = await desk.client.text_document_code_lens_async(types.CodeLensParams(desk.document(name)))
    resolved = [one if one.command else await desk.client.code_lens_resolve_async(one) for one in found or []]
    return [(one.range.start.line, one.command.title if one.command else "") for one in resolved]


async def test_all_assertions(desk: Editor) -> None:
    name = "runs.zkasm"
    text = desk.open(TEXT, name)
    assert await desk.pushed(name) == []
    assert await lenses(desk, name) == [
        (0, "▶ run all assertions"), (0, "▶ run"), (1, "▶ run"), (6, "▶ run"), (11, "▶ run"),
    ]  # fmt: skip
    answer = await run(desk, "zkwasm.runAll", name)
    assert answer["wrong"] == ""
    found = {(one.code, one.range.start.line): one for one in await desk.pushed(name)}
    assert list(found) == [("run_failed", 1), ("run_failed", 6), ("trap", 9)]
    assert found["run_failed", 1].message == "A is 5, not 6; registers: A = 5, B = 3"
    assert found["trap", 9].message == "assert: the step's value is 0x0, but A is 0x1 (registers: A = 1)"
    assert marked(text, found["trap", 9].range) == "B :ASSERT"
    assert [title for _, title in await lenses(desk, name)] == [
        "▶ run all assertions",
        "✓ 2 steps, N = 16",
        "✗ A is 5, not 6",
        "✗ runs.zkasm:10: assert: the step's value is 0x0, but A is 0x1 in `B :ASSERT` (step 1, zkPC 3)",
        "✓ 4 steps, N = 32",
    ]
    everything = types.Range(types.Position(0, 0), position(text, len(text)))
    hints = await desk.client.text_document_inlay_hint_async(types.InlayHintParams(desk.document(name), everything))
    assert [(one.position.line, one.label) for one in hints or []] == [
        (4, "+ 4 binary  × 2"),
        (5, "Σ 2 main + 4 binary  × 2"),
        (8, "× 1"),
        (9, "× 1"),
        (10, "Σ 3 main"),
        (13, "× 3"),
        (14, "Σ 2 main  × 1"),
    ]
    # A correction of a routine takes its failures away when it is run again.
    place = types.Range(types.Position(1, 20), types.Position(1, 21))
    desk.change(types.TextDocumentContentChangePartial(range=place, text="5"), name=name)
    assert [(one.code, one.range.start.line) for one in await desk.pushed(name)] == [("run_failed", 6), ("trap", 9)]


async def test_one_assertion(desk: Editor) -> None:
    name = "one.zkasm"
    desk.open(TEXT, name)
    answer = await run(desk, "zkwasm.run", name, 1)
    (one,) = answer["runs"]  # type: ignore[misc]
    assert (one["line"], one["passed"], one["label"]) == (2, False, "sum")
    assert [title for line, title in await lenses(desk, name) if line in (1, 6)] == ["✗ A is 5, not 6", "▶ run"]


async def test_the_program(desk: Editor) -> None:
    name = "program.zkasm"
    desk.open("start:\n        5 => RCX\nrepeat: 1 => A :REPEAT(RCX)\nfinalizeExecution:\n        0 => A\n", name)
    assert (0, "▶ run the program") in await lenses(desk, name)
    answer = await run(desk, "zkwasm.runProgram", name)
    assert [(entry["line"], entry["count"]) for entry in answer["counts"]] == [(2, 1), (3, 6)]  # type: ignore[attr-defined]


async def test_what_cannot_be_read_is_a_diagnostic(desk: Editor) -> None:
    text = desk.open(";@ run A=x => B=2\n;@ run => steps<=4 C=\nl:\n        :JMP(l)\n", "wrong.zkasm")
    found = await desk.pushed("wrong.zkasm")
    assert [(one.code, marked(text, one.range)) for one in found] == [("directive", "A=x"), ("directive", "C=")]


async def test_a_program_that_does_not_assemble_is_told(desk: Editor) -> None:
    desk.open(";@ run => A=0\nl:\n        :JMP(gone)\n", "broken.zkasm")
    answer = await run(desk, "zkwasm.runAll", "broken.zkasm")
    assert "`gone` is not defined" in str(answer["wrong"])


async def test_typing_goes_on_while_something_runs(desk: Editor) -> None:
    name = "endless.zkasm"
    desk.open(";@ run => A=0\nl:\n        :JMP(l)\n", name)
    running = asyncio.ensure_future(run(desk, "zkwasm.runAll", name))
    params = types.HoverParams(desk.document(name), types.Position(1, 0))
    assert await desk.client.text_document_hover_async(params) is not None
    assert not running.done()
    answer = await running
    (one,) = answer["runs"]  # type: ignore[misc]
    assert one["fault"]["kind"] == "steps_exhausted"
