"""Neovim and Emacs, without a screen, with the setup that docs/editors.md tells: real clients from start to end."""

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


SCRIPTS = Path(sys.executable).parent


@pytest.fixture(scope="module", params=["neovim", "emacs"])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the editor shows."""
    if shutil.which("zkwasm", path=str(SCRIPTS)) is None:
        pytest.skip('needs the command zkwasm beside this Python: pip install -e ".[dev]"')
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "main.zkasm").write_text(MAIN, encoding="utf-8")
    (folder / "sum.zkasm").write_text(SUM, encoding="utf-8")
    (folder / "zkwasm.toml").write_text('dialect = "64"\n', encoding="utf-8")
    command = neovim(folder) if request.param == "neovim" else emacs(folder)
    home = {name: str(folder) for name in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    environment = {**os.environ, **home, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [*command, str(folder / "main.zkasm")],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=environment,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def neovim(folder: Path) -> list[str]:
    """The command that runs the script, up to the file to open."""
    nvim = shutil.which("nvim", path=f"{SCRIPTS}{os.pathsep}{os.environ.get('PATH', '')}")
    if nvim is None:
        pytest.skip('needs Neovim 0.11: pip install -e ".[dev]"')
    plain = ["--headless", "--clean", "-u", "NONE", "-i", "NONE", "-n", "-l"]
    return [nvim, *plain, str(HERE / "neovim.lua"), setup(folder, "lua")]


def emacs(folder: Path) -> list[str]:
    found = shutil.which("emacs")
    if found is None:
        pytest.skip("needs Emacs with eglot: apt-get install emacs-nox elpa-eglot")
    has_eglot = '(progn (require \'package) (package-initialize) (kill-emacs (if (locate-library "eglot") 0 1)))'
    if subprocess.run([found, "--batch", "-q", "--eval", has_eglot], capture_output=True, check=False).returncode:
        pytest.skip("Emacs has eglot from version 29 on; before: apt-get install elpa-eglot")
    return [found, "--batch", "-q", "-l", str(HERE / "emacs.el"), setup(folder, "elisp")]


def setup(folder: Path, language: str) -> str:
    """The file with the setup that the page has in a language."""
    code = re.search(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert code is not None
    path = folder / f"setup.{language}"
    path.write_text(code[1], encoding="utf-8")
    return str(path)


def test_diagnostics(seen: dict[str, Any]) -> None:
    assert any(
        one["line"] == 3 and "the label `nowhere` is not defined" in one["message"] for one in seen["diagnostics"]
    )


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
