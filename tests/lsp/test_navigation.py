"""Definition, references, highlights, rename, symbols and links, end to end and across INCLUDE."""

from __future__ import annotations

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from tests.lsp.editor import Editor, at, marked

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAIN = """\
CONST %SIZE = 3
VAR GLOBAL cell
start:
        %SIZE => A, E           :CALL(routine)
        ${mem.cell + const.SIZE} => B :MSTORE(cell)
        @cell + %SIZE => C      :JMP(@start + E)
INCLUDE "lib/routine.zkasm"
"""
ROUTINE = """\
routine:
        %SIZE => B ; 𝒳 %SIZE
        $ => A /* 𝒳 */ :MLOAD(cell), JMPNZ(routine, out)
out:    :RETURN
""".replace("\n", "\r\n")


async def program(desk: Editor, folder: str) -> tuple[str, str]:
    """A program with its main file open and an include on disk, in a folder of its own."""
    main, routine = f"{folder}/main.zkasm", f"{folder}/lib/routine.zkasm"
    desk.write(MAIN, main)
    desk.write(ROUTINE, routine)
    created = [types.FileEvent(desk.uri(name), types.FileChangeType.Created) for name in (main, routine)]
    desk.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(created))
    desk.open(MAIN, main)
    return main, routine


def shown(desk: Editor, found: list[types.Location], main: str, routine: str) -> list[tuple[str, str, int]]:
    texts = {desk.uri(main): ("main", MAIN), desk.uri(routine): ("routine", ROUTINE)}
    return [(texts[one.uri][0], marked(texts[one.uri][1], one.range), one.range.start.line) for one in found]


@pytest.mark.parametrize(
    ("piece", "nth", "target"),
    [
        ("routine)", 0, ("routine", "routine", 0)),
        ("%SIZE", 1, ("main", "SIZE", 0)),
        ("cell +", 0, ("main", "cell", 1)),
        ("SIZE}", 0, ("main", "SIZE", 0)),
        ("cell)", 0, ("main", "cell", 1)),
        ("@cell", 0, ("main", "cell", 1)),
        ("start +", 0, ("main", "start", 2)),
    ],
)
async def test_definition(desk: Editor, piece: str, nth: int, target: tuple[str, str, int]) -> None:
    main, routine = await program(desk, "definition")
    params = types.DefinitionParams(desk.document(main), at(MAIN, piece, nth))
    found = await desk.client.text_document_definition_async(params)
    assert shown(desk, list(found), main, routine) == [target]


async def test_an_include_leads_to_its_file(desk: Editor) -> None:
    main, routine = await program(desk, "include")
    params = types.DefinitionParams(desk.document(main), at(MAIN, "routine.zkasm"))
    (found,) = await desk.client.text_document_definition_async(params)
    assert found.uri == desk.uri(routine)
    (link,) = await desk.client.text_document_document_link_async(types.DocumentLinkParams(desk.document(main)))
    assert (link.target, marked(MAIN, link.range)) == (desk.uri(routine), "lib/routine.zkasm")


async def test_an_include_of_nothing_leads_nowhere_and_says_so(desk: Editor) -> None:
    text = desk.open('0 => A\n  INCLUDE "gone.zkasm" ; x\n', "missing.zkasm")
    params = types.DefinitionParams(desk.document("missing.zkasm"), at(text, "gone"))
    assert not await desk.client.text_document_definition_async(params)
    (found,) = await desk.pulled("missing.zkasm")
    assert (found.code, marked(text, found.range)) == ("include_not_found", 'INCLUDE "gone.zkasm"')
    assert found.message == f'"gone.zkasm" cannot be read: there is no file {desk.folder / "gone.zkasm"}'


async def test_references_are_those_of_the_whole_program(desk: Editor) -> None:
    main, routine = await program(desk, "references")
    context = types.ReferenceContext(include_declaration=True)
    params = types.ReferenceParams(context, desk.document(main), at(MAIN, "SIZE"))
    found = await desk.client.text_document_references_async(params)
    lines = [("main", 0), ("main", 3), ("main", 4), ("main", 5), ("routine", 1)]
    assert shown(desk, list(found), main, routine) == [(file, "SIZE", line) for file, line in lines]
    params.context.include_declaration = False
    assert len(await desk.client.text_document_references_async(params)) == 4


async def test_highlights_tell_writes_from_reads(desk: Editor) -> None:
    main, _ = await program(desk, "highlights")
    params = types.DocumentHighlightParams(desk.document(main), at(MAIN, "cell"))
    found = await desk.client.text_document_document_highlight_async(params)
    write, read = types.DocumentHighlightKind.Write, types.DocumentHighlightKind.Read
    assert [(one.range.start.line, one.kind) for one in found] == [(1, write), (4, read), (4, write), (5, read)]


async def test_rename_changes_all_files(desk: Editor) -> None:
    main, routine = await program(desk, "rename")
    place = at(MAIN, "cell")
    prepared = await desk.client.text_document_prepare_rename_async(
        types.PrepareRenameParams(desk.document(main), place)
    )
    assert isinstance(prepared, types.PrepareRenamePlaceholder)
    assert prepared.placeholder == "cell"
    params = types.RenameParams(desk.document(main), place, "word")
    edit = await desk.client.text_document_rename_async(params)
    assert edit is not None
    assert edit.changes is not None
    assert [(uri, len(edits)) for uri, edits in edit.changes.items()] == [(desk.uri(main), 4), (desk.uri(routine), 1)]
    assert {marked(MAIN, one.range) for one in edit.changes[desk.uri(main)]} == {"cell"}
    assert marked(ROUTINE, edit.changes[desk.uri(routine)][0].range) == "cell"


@pytest.mark.parametrize(("piece", "name"), [("SIZE", "%COUNT"), ("SIZE", "COUNT"), ("cell", "@COUNT")])
async def test_signs_are_no_part_of_a_new_name(desk: Editor, piece: str, name: str) -> None:
    main, _ = await program(desk, "signs")
    edit = await desk.client.text_document_rename_async(types.RenameParams(desk.document(main), at(MAIN, piece), name))
    assert edit is not None
    assert edit.changes is not None
    assert {(marked(MAIN, one.range), one.new_text) for one in edit.changes[desk.uri(main)]} == {(piece, "COUNT")}


@pytest.mark.parametrize("name", ["MLOAD", "MLOAD$x", "next", "2x", "a b", "start", ""])
async def test_rename_refuses_what_is_no_free_name(desk: Editor, name: str) -> None:
    main, _ = await program(desk, "refused")
    with pytest.raises(JsonRpcInvalidParams):
        await desk.client.text_document_rename_async(
            types.RenameParams(desk.document(main), at(MAIN, "routine)"), name)
        )


async def test_symbols_of_a_file_and_of_the_workspace(desk: Editor) -> None:
    main, routine = await program(desk, "symbols")
    found = await desk.client.text_document_document_symbol_async(types.DocumentSymbolParams(desk.document(main)))
    assert [one.name for one in found] == ["%SIZE", "cell", "start"]
    last = found[-1]
    assert isinstance(last, types.DocumentSymbol)
    assert marked(MAIN, last.range).startswith("start:\n")
    assert marked(MAIN, last.range).endswith('zkasm"')
    everywhere = await desk.client.workspace_symbol_async(types.WorkspaceSymbolParams("rotn"))
    assert desk.uri(routine) in [one.location.uri for one in everywhere]
    assert {one.name for one in everywhere} == {"routine"}
