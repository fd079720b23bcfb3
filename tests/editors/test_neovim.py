"""Neovim, without a screen, with the setup that docs/editors.md tells: a real client from start to end."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "editors.md"

MAIN = """\
start:
    1 => A
    2 => B :CALL(sum)
        :JMP(nowhere)
INCLUDE "sum.zkasm"
"""
SUM = """\
; A + B
sum:
        $ => A          :ADD
        :RETURN
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Neovim shows."""
    scripts = Path(sys.executable).parent
    nvim = shutil.which("nvim", path=f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}")
    if nvim is None or shutil.which("zkwasm", path=str(scripts)) is None:
        pytest.skip('needs Neovim 0.11 and the command zkwasm beside this Python: pip install -e ".[dev]"')
    folder = tmp_path_factory.mktemp("neovim")
    (folder / "main.zkasm").write_text(MAIN, encoding="utf-8")
    (folder / "sum.zkasm").write_text(SUM, encoding="utf-8")
    (folder / "zkwasm.toml").write_text('dialect = "64"\n', encoding="utf-8")
    setup = re.search(r"^```lua\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert setup is not None
    (folder / "setup.lua").write_text(setup[1], encoding="utf-8")
    command = [nvim, "--headless", "--clean", "-u", "NONE", "-i", "NONE", "-n", "-l", str(HERE / "neovim.lua")]
    home = {name: str(folder) for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    environment = {**os.environ, **home, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    arguments = [*command, str(folder / "setup.lua"), str(folder / "main.zkasm")]
    done = subprocess.run(
        arguments, capture_output=True, text=True, timeout=100, check=False, env=environment, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_diagnostics(seen: dict[str, Any]) -> None:
    assert ("label_undefined", 3) in {(one["code"], one["line"]) for one in seen["diagnostics"]}


def test_hover(seen: dict[str, Any]) -> None:
    assert "A + B" in seen["hover"]
    assert re.search(r"\d+ steps?|main", seen["hover"])


def test_definition(seen: dict[str, Any]) -> None:
    assert seen["definition"] == ["sum.zkasm", 2]


def test_rename(seen: dict[str, Any]) -> None:
    assert seen["renamed"] == [
        MAIN.replace("(sum)", "(total)").splitlines(),
        SUM.replace("sum:", "total:").splitlines(),
    ]


def test_formatting(seen: dict[str, Any]) -> None:
    assert seen["formatted"][1] == "        1 => A"
    assert [line.split() for line in seen["formatted"]] == [line.split() for line in seen["renamed"][0]]
