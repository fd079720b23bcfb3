"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--bless`: file tests write what they got as what they expect, for a person to read in the diff."""
    parser.addoption("--bless", action="store_true", help="rewrite the expected output of the file tests")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded reference outcomes beside the repository; tests that need it are skipped without it."""
    folder = Path(os.environ.get("ZKWASM_SHARED", ROOT.parent / "shared"))
    if not (folder / "vectors").is_dir():
        pytest.skip(f"the reference data is not at {folder}; set ZKWASM_SHARED to the folder that holds vectors/")
    return folder


@pytest.fixture(scope="session")
def spec(request: pytest.FixtureRequest) -> Path:
    """The official WebAssembly 2.0 core tests (`*.wast`); tests that need them are skipped without them."""
    folder = Path(os.environ.get("ZKWASM_SPEC", ROOT.parent / "shared" / "spec"))
    if not (folder / "i32.wast").is_file():
        pytest.skip(f"no specification tests at {folder}; set ZKWASM_SPEC to test/core of the spec's tag wg-2.0")
    return folder
