"""`--link` of the commands that compile."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_zkwasm.cli import main

LIBRARY = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'
MODULE = """
(module
  (import "env" "add" (func $add (param i32 i32) (result i32)))
  (func (export "five") (param i32) (result i32) (call $add (local.get 0) (i32.const 5))))
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "library.wat").write_text(LIBRARY)
    (tmp_path / "main.wat").write_text(MODULE)
    monkeypatch.chdir(tmp_path)


LINK = ["--link", "env=library.wat"]


def test_run_and_compile(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "main.wat", *LINK, "--call", "five", "37"]) == 0
    from_source = capsys.readouterr().out
    assert from_source.startswith("five(37) = 42\n")
    assert main(["compile", "main.wat", *LINK, "-o", "main.zkasm"]) == 0
    capsys.readouterr()
    assert main(["run", "main.zkasm", "--call", "five", "37"]) == 0
    assert capsys.readouterr().out == from_source
    assert main(["audit", "main.wat", *LINK, "--call", "five", "37"]) == 0
    assert main(["explain", "main.wat", *LINK, "--function", "five"]) == 0
    assert "five" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "main.wat: byte 0x1e: import env.add: exporting it"),
        (["--link", "library.wat"], "--link library.wat: write NAME=FILE, such as env=library.wasm"),
        ([*LINK, *LINK], "--link env=library.wat: 'env' is linked already, to library.wat"),
        (["--link", "env=none.wat"], "none.wat: there is no such file"),
        (["--link", "env=main.wat"], "unknown import: import env.add of the module: the linked module exports five"),
        (["--link", "env=notes.txt"], "notes.txt: is not a WebAssembly module by its name"),
    ],
)
def test_wrong_links(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "main.wat", *words, "--call", "five", "37"]) != 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err or "call of import env.add: not supported" in shown.err
