"""VS Code itself, in a browser: the packaged extension is installed and used as a person uses it.

`tests/editors/vscode/setup` installs it; `npm run package` in lsp/editors/vscode builds the extension. Screenshots stay
in the folder that ZKWASM_SCREENSHOTS names, or in that of pytest.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "editors" / "vscode"
MODULES = HERE / "node_modules"
EXTENSION = ROOT / "lsp" / "editors" / "vscode" / "zkasm.vsix"

pytestmark = [pytest.mark.long, pytest.mark.vscode]

MAIN = """\
; The sum of A and B.
;@ run A=2 B=3 => A=5
sum:
        $ => A          :ADD
        :RETURN

other:
        :JMP(nowhere)
"""
SUMS = """\
; The sum of A and B.
;@ run A=2 B=3 => A=5 steps<=2
;@ run A=2 B=3 => A=6
sum:
        $ => A          :ADD
        :RETURN
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a person sees."""
    node, chromium = shutil.which("node"), shutil.which("chromium") or shutil.which("chromium-browser")
    if node is None or chromium is None:
        pytest.skip("driving VS Code needs node 20 and Chromium (apt-get install chromium)")
    if not (MODULES / "code-server" / "lib" / "vscode" / "node_modules").is_dir():
        pytest.skip("VS Code for a browser is not installed; run tests/editors/vscode/setup")
    if not EXTENSION.is_file():
        pytest.skip("the extension is not built; run `npm ci && npm run package` in lsp/editors/vscode")
    workspace = tmp_path_factory.mktemp("workspace")
    (workspace / "main.zkasm").write_text(MAIN, encoding="utf-8")
    (workspace / "sums.zkasm").write_text(SUMS, encoding="utf-8")
    # The server is found where a person has it: in the virtual environment of the workspace.
    (workspace / ".venv").symlink_to(sys.prefix)
    scratch = Path(os.environ.get("ZKWASM_SCREENSHOTS") or tmp_path_factory.mktemp("vscode"))
    command = [node, str(HERE / "drive.mjs"), str(MODULES), str(EXTENSION), str(workspace), str(scratch)]
    environment = {**os.environ, "CHROMIUM": chromium}
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_missing_server_is_told(seen: dict[str, Any]) -> None:
    assert 'pip install "hatch-zkwasm[lsp]"' in seen["missing"]
    assert "/nowhere/python" in seen["missing"]
    assert "Choose a Python" in seen["missing"]


def test_a_diagnostic(seen: dict[str, Any]) -> None:
    assert "nowhere" in seen["diagnostic"]
    assert "label_undefined" in seen["diagnostic"]


def test_a_hover_with_costs(seen: dict[str, Any]) -> None:
    assert "The sum of A and B." in seen["hover"]
    assert "main" in seen["hover"]
    assert "binary" in seen["hover"]


def test_assertions_run(seen: dict[str, Any]) -> None:
    assert "1 of 2 assertions failed" in seen["run"]
    lenses = "\n".join(seen["lenses"])
    assert "2 steps" in lenses
    assert "A is 5, not 6" in lenses


def test_a_page_of_costs(seen: dict[str, Any]) -> None:
    assert "What sums.zkasm costs" in seen["cost"]
    assert "2 main + 4 binary" in seen["cost"]
