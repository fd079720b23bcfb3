"""Diagnostics, end to end."""

from __future__ import annotations

import asyncio
import time

from lsprotocol import types

from tests.lsp.editor import Editor, marked
from zkwasm_lsp.language.codes import CODES

BROKEN = """\
start:
        1 => A :JMP(nowhere)
        1 => B :ADD, MLOAD(x), MSTORE(x)
        A =>
        B => ROTL_C
VAR GLOBAL x
"""


def shown(text: str, found: list[types.Diagnostic]) -> list[tuple[str | int | None, str]]:
    return [(one.code, marked(text, one.range)) for one in found]


async def test_are_pushed_with_code_and_link(editor: Editor) -> None:
    await editor.start()
    text = editor.open(BROKEN)
    found = await editor.pushed()
    assert shown(text, found) == [
        ("label_undefined", "nowhere"),
        ("field_collision", "MSTORE(x)"),
        ("syntax", ""),
        ("readonly_destination", "ROTL_C"),
    ]
    collision = found[1]
    assert collision.message == (
        "MSTORE cannot share a step with MLOAD: a step reads or writes memory once; use two steps"
    )
    assert collision.code_description is not None
    assert collision.code_description.href == CODES["field_collision"].link
    assert (collision.severity, collision.source) == (types.DiagnosticSeverity.Error, "zkwasm")


async def test_follow_changes_after_a_rest(editor: Editor) -> None:
    await editor.start()
    editor.open("start:\n        1 => A :JMP(start)\n")
    assert await editor.pushed() == []
    for count in range(1, 4):
        place = types.Position(1, 8)
        change = types.TextDocumentContentChangePartial(range=types.Range(place, place), text="é𝒳"[count % 2])
        editor.change(change)
    found = await editor.pushed()
    assert [one.code for one in found] == ["syntax"]
    assert found[0].range.start == types.Position(1, 8)


async def test_say_which_version_they_are_of(editor: Editor) -> None:
    editor.write("        :JMP(gone)\n", "part.zkasm")
    await editor.start({"audit": {"enable": False}})
    editor.open('        1 => A\nINCLUDE "part.zkasm"\n')
    assert (await editor.publication()).version == 1
    on_disk = await editor.publication("part.zkasm")
    assert (on_disk.version, [one.code for one in on_disk.diagnostics]) == (None, ["label_undefined"])
    for number in (2, 3):
        editor.replace(f'        {number} => A\nINCLUDE "part.zkasm"\n')
        assert (await editor.publication()).version == number


async def test_are_made_when_typing_has_rested(editor: Editor) -> None:
    """Many edits give few publications: each edit starts the time anew, and no earlier one counts any more."""
    await editor.start({"audit": {"enable": False}, "diagnostics": {"delay": 800}})
    text = editor.open("start:\n        1 => A :JMP(start)\n")
    await editor.publication()
    for count in range(16):
        editor.replace(text + "; a comment\n" * count)
        await editor.client.text_document_document_link_async(types.DocumentLinkParams(editor.document()))
    while (await editor.publication()).version != 17:
        pass
    await asyncio.sleep(0.8)  # by then the time of each edit is over
    published = editor.inbox.published[editor.uri("main.zkasm")]
    assert len(published) < 10
    assert published[-1].version == 17


async def test_who_asks_waits_until_typing_has_rested(editor: Editor) -> None:
    await editor.start({"audit": {"enable": False}, "diagnostics": {"delay": 600}})
    text = editor.open("start:\n        1 => A :JMP(start)\n")
    await editor.pulled()
    began = time.monotonic()
    editor.replace(text + "other:  :JMP(nowhere)\n")
    assert "label_undefined" in [one.code for one in await editor.pulled()]
    assert time.monotonic() - began >= 0.6


async def test_of_closed_programs_are_taken_back(editor: Editor) -> None:
    editor.write("part:\n        :JMP(gone)\n", "part.zkasm")
    await editor.start({"audit": {"enable": False}})
    editor.open('        :CALL(part)\n        :JMP(nowhere)\nINCLUDE "part.zkasm"\n')
    assert [one.code for one in await editor.pushed()] == ["label_undefined"]
    assert [one.code for one in await editor.pushed("part.zkasm")] == ["label_undefined"]
    editor.close()
    assert await editor.pushed() == []
    assert await editor.pushed("part.zkasm") == []


async def test_a_folder_that_comes_and_goes_changes_the_program(editor: Editor) -> None:
    """Alone the file has no label `gone`; in the program of the other folder it has."""
    other = editor.folder / "other"
    editor.write('INCLUDE "../here/part.zkasm"\ngone:\n        0 => A\n', "other/main.zkasm")
    editor.folder /= "here"
    await editor.start({"audit": {"enable": False}})
    editor.write("", "part.zkasm")
    editor.open("start:\n        :JMP(gone)\n", "part.zkasm")
    assert [one.code for one in await editor.pushed("part.zkasm")] == ["label_undefined"]
    folder = types.WorkspaceFolder(other.as_uri(), "other")
    for added, removed, codes in (([folder], [], []), ([], [folder], ["label_undefined"])):
        params = types.DidChangeWorkspaceFoldersParams(types.WorkspaceFoldersChangeEvent(added, removed))
        editor.client.workspace_did_change_workspace_folders(params)
        assert [one.code for one in await editor.pushed("part.zkasm") if one.code != "unused_label"] == codes


async def test_of_too_many_the_gravest_are_shown_in_their_order(editor: Editor) -> None:
    await editor.start({"audit": {"enable": False}})
    unused = "".join(f"VAR GLOBAL v{number}\n" for number in range(400))
    editor.open(unused + "".join(f"        A :JMPN(gone{number})\n" for number in range(300)))
    found = await editor.pushed()
    lines = [*range(200), *range(400, 700)]
    assert [one.range.start.line for one in found] == lines
    assert [one.code for one in found] == ["unused_variable"] * 200 + ["label_undefined"] * 300


async def test_are_given_when_asked_for_and_then_not_pushed(editor: Editor) -> None:
    asking = types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(diagnostic=types.DiagnosticClientCapabilities())
    )
    result = await editor.start(capabilities=asking)
    assert isinstance(result.capabilities.diagnostic_provider, types.DiagnosticOptions)
    text = editor.open(BROKEN)
    assert [code for code, _ in shown(text, await editor.pulled())][:2] == ["label_undefined", "field_collision"]
    text = editor.replace("A => B\n        :JMP(there)\n")
    assert shown(text, await editor.pulled()) == [("label_undefined", "there")]
    assert editor.client.diagnostics == {}


async def test_a_program_of_several_files(editor: Editor) -> None:
    editor.write("VAR GLOBAL shared\nroutine:\n        $ => A :MLOAD(shared), RETURN\n", "lib/routine.zkasm")
    await editor.start()
    text = editor.open('        :CALL(routine)\n        A => B :JMP(gone)\nINCLUDE "lib/routine.zkasm"\n')
    assert shown(text, await editor.pushed()) == [("label_undefined", "gone")]
    included = editor.open("VAR GLOBAL shared\nother:\n        $ => A :MLOAD(unshared), RETURN\n", "lib/routine.zkasm")
    assert shown(included, await editor.pushed("lib/routine.zkasm")) == [
        ("unused_variable", "shared"),
        ("unused_label", "other"),
        ("variable_undefined", "unshared"),
    ]
    editor.close("lib/routine.zkasm")
    assert await editor.pushed("lib/routine.zkasm") == []


async def test_a_code_can_be_silenced_or_made_graver(editor: Editor) -> None:
    severity = {"unused_label": "off", "unused_variable": "error"}
    await editor.start({"diagnostics": {"severity": severity, "delay": 10}})
    editor.open("        0 => A\nspare: :JMP(end)\nVAR GLOBAL v\nend: 0 => B\n")
    found = await editor.pushed()
    assert [(one.code, one.severity) for one in found] == [("unused_variable", types.DiagnosticSeverity.Error)]
    assert list(found[0].tags or ()) == [types.DiagnosticTag.Unnecessary]
    sent = {"zkwasm": {"diagnostics": {"severity": {"unused_variable": "off"}}}}
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(sent))
    assert [one.code for one in await editor.pushed()] == ["unused_label"]


async def test_wrong_settings_are_told(editor: Editor) -> None:
    await editor.start({"diagnostics": {"severity": {"no_such_code": "off"}}, "audit": {"enable": 3}})
    editor.open("0 => A\n")
    await editor.pushed()
    messages = [message.message for message in editor.client.messages]
    assert messages == [
        "the setting zkwasm.diagnostics.severity names 'no_such_code', which is no code of a diagnostic",
        "the setting zkwasm.audit.enable is 3; it must be of type boolean",
    ]


async def test_the_audit_comes_later_and_stays_with_its_lines(editor: Editor) -> None:
    await editor.start()
    text = editor.open(
        "start:\n        ${7} => A :MSTORE(result)\n        0 => A\n"
        "finalizeExecution:\n        ${beforeLast()} :JMPN(finalizeExecution)\n        :JMP(start)\nVAR GLOBAL result\n"
    )
    assert await editor.pushed() == []
    found = await editor.pushed()
    assert shown(text, found) == [("free_input_unpinned", "${7} => A :MSTORE(result)")]
    place = types.Position(0, 0)
    editor.change(types.TextDocumentContentChangePartial(range=types.Range(place, place), text="; a comment\n"))
    assert [(one.code, one.range.start.line) for one in await editor.pushed()] == [("free_input_unpinned", 2)]


async def test_an_audit_of_an_older_text_does_not_count(editor: Editor) -> None:
    await editor.start({"diagnostics": {"delay": 5000}})
    end = (
        "finalizeExecution:\n        ${beforeLast()} :JMPN(finalizeExecution)\n        :JMP(start)\nVAR GLOBAL result\n"
    )
    text = editor.open(f"start:\n        ${{7}} => A :MSTORE(result)\n        0 => A\n{end}")
    assert await editor.pushed() == []
    editor.replace(text.replace("0 => A", "7 :ASSERT"))
    assert await editor.pushed() == []


async def test_the_dialect_is_what_the_program_says_or_uses(editor: Editor) -> None:
    await editor.start({"audit": {"enable": False}})
    text = editor.open("        $ => A :SLOAD\n        1n => B, SR :ADD, F_MLOAD(x)\nVAR GLOBAL x\n", "used.zkasm")
    assert shown(text, await editor.pushed("used.zkasm")) == []
    text = editor.open(";@ dialect 64\n        $ => A :SLOAD\n", "named.zkasm")
    assert [code for code, _ in shown(text, await editor.pushed("named.zkasm"))] == ["syntax"]
    text = editor.open("\n;@ dialect 64\n        0 => A\n", "late.zkasm")
    assert shown(text, await editor.pushed("late.zkasm")) == [("dialect", ";@ dialect 64")]


async def test_wrong_settings_of_the_project_are_told(editor: Editor) -> None:
    def settings(text: str) -> None:
        path = editor.write(text, "zkwasm.toml")
        change = types.FileEvent(editor.uri(path.name), types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))

    settings('dialect = "sixty-four"\n')
    await editor.start({"audit": {"enable": False}})
    editor.open("        $ => A :SLOAD\n")
    (found,) = await editor.pushed()
    assert (found.code, found.range.start) == ("configuration", types.Position(0, 0))
    assert found.message == (
        f"{editor.folder / 'zkwasm.toml'}: dialect: must be one of '64', 'durian', found 'sixty-four'"
    )
    settings('dialect = "64"\n')
    assert [one.code for one in await editor.pushed()] == ["syntax"]
    settings("dialect = ")
    assert [one.code for one in await editor.pushed()] == ["configuration"]
    editor.replace(";@ dialect durian\n        $ => A :SLOAD\n")
    assert await editor.pushed() == []


async def test_files_on_disk_that_come_change_and_go(editor: Editor) -> None:
    await editor.start({"audit": {"enable": False}})

    def tell(kind: types.FileChangeType) -> None:
        change = types.FileEvent(editor.uri("part.zkasm"), kind)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))

    text = editor.open('        :JMP(there)\nINCLUDE "part.zkasm"\n')
    assert [code for code, _ in shown(text, await editor.pushed())] == ["label_undefined", "include_not_found"]
    path = editor.write("there: :JMP(there)\n", "part.zkasm")
    tell(types.FileChangeType.Created)
    assert await editor.pushed() == []
    path.write_text("elsewhere: :JMP(elsewhere)\n")
    tell(types.FileChangeType.Changed)
    assert shown(text, await editor.pushed()) == [("label_undefined", "there")]
    path.unlink()
    tell(types.FileChangeType.Deleted)
    assert len(await editor.pushed()) == 2
