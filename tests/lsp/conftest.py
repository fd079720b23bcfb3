"""Fixtures of editors that are connected to a server: one for a test, one for all tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_lsp
from pytest_lsp import LanguageClient

from tests.lsp.editor import CONFIG, Editor


@pytest_lsp.fixture(config=CONFIG)
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def editor(client: LanguageClient, tmp_path: Path) -> Editor:
    """An editor that is not initialised."""
    return Editor(client, tmp_path)


@pytest_lsp.fixture(config=CONFIG, scope="module")
async def lasting_client(lsp_client: LanguageClient, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    folder = tmp_path_factory.mktemp("workspace")
    lsp_client.zkasm_editor = Editor(lsp_client, folder)
    await lsp_client.zkasm_editor.start({"audit": {"enable": False}})
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def desk(lasting_client: LanguageClient) -> Editor:
    """An initialised editor that the tests of a module share; each uses files with names of their own."""
    shared: Editor = lasting_client.zkasm_editor
    return shared
