"""Diagnostics for a client that asks; `zkwasm_lsp.publishing` sends them to one that does not."""

from __future__ import annotations

from lsprotocol import types

from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import NAME, ZkasmServer


def register(server: ZkasmServer) -> None:
    options = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier=NAME)

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    async def pull(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        path = path_of(params.text_document.uri)
        await server.publisher.rested(path)
        return types.RelatedFullDocumentDiagnosticReport(server.publisher.diagnostics(path))
