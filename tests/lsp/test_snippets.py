"""Snippets are for clients that say that they take them."""

from __future__ import annotations

from lsprotocol import types

from tests.lsp.editor import Editor


async def completed(editor: Editor, place: types.Position) -> dict[str, types.CompletionItem]:
    found = await editor.client.text_document_completion_async(types.CompletionParams(editor.document(), place))
    assert isinstance(found, types.CompletionList)
    return {item.label: item for item in found.items}


async def test_snippets_are_for_clients_that_take_them(editor: Editor) -> None:
    snippets = types.ClientCompletionItemOptions(snippet_support=True)
    completion = types.CompletionClientCapabilities(completion_item=snippets)
    document = types.TextDocumentClientCapabilities(completion=completion)
    await editor.start({"audit": {"enable": False}}, types.ClientCapabilities(text_document=document))
    editor.open("        $ => A :ML\n")
    items = await completed(editor, types.Position(0, 18))
    item = items["MLOAD"]
    assert isinstance(item.text_edit, types.TextEdit)
    assert (item.text_edit.new_text, item.insert_text_format) == ("MLOAD(${1})", types.InsertTextFormat.Snippet)
    text = (await completed(editor, types.Position(1, 0)))["${}"].text_edit
    assert isinstance(text, types.TextEdit)
    assert text.new_text == "\\${${1:A}}"
