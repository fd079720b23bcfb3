"""Runs when a file is saved, step limits, and lenses that are switched off."""

from __future__ import annotations

from lsprotocol import types

from tests.lsp.editor import Editor

TEXT = ";@ run A=1 => A=2\nl:\n        :RETURN\n;@ run => steps=1\nloop:\n        :JMP(loop)\n"


async def test_assertions_run_when_a_file_is_saved(editor: Editor) -> None:
    settings = {"audit.enable": False, "run": {"onSave": True, "stepLimit": 7}, "lens": {"enable": False}}
    result = await editor.start(settings)
    sync = result.capabilities.text_document_sync
    assert isinstance(sync, types.TextDocumentSyncOptions)
    assert sync.save
    editor.open(TEXT)
    assert await editor.pushed() == []
    editor.client.text_document_did_save(types.DidSaveTextDocumentParams(editor.document()))
    found = await editor.pushed()
    assert [(one.code, one.range.start.line) for one in found] == [("run_failed", 0), ("run_failed", 3), ("trap", 5)]
    assert "not reached in 7 steps" in found[2].message
    lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(editor.document()))
    assert not lenses
