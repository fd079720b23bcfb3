"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--bless`: file tests write what they got as what they expect, for a person to read in the diff."""
    parser.addoption("--bless", action="store_true", help="rewrite the expected output of the file tests")


@pytest.fixture(scope="session", autouse=True)
def _both_engines() -> Iterator[None]:
    """With `ZKWASM_BOTH_ENGINES=1` whatever the tests run is run and compared on both engines of the simulator."""
    if os.environ.get("ZKWASM_BOTH_ENGINES", "0") != "1":
        yield
        return
    from tests.jit.both_engines import both_engines

    with both_engines():
        yield


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
