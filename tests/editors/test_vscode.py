"""VS Code itself, in a browser: the packaged extension is installed and used as a person uses it.

`tests/editors/vscode/setup` installs it; `npm run package` in lsp/editors/vscode builds the extension. Screenshots stay
in the folder that ZKWASM_SCREENSHOTS names, or in that of pytest. With EDITOR_TESTS=1 nothing may be missing.

The Python extension is only to be had in a marketplace. lsp/editors/vscode/test/python-extension stands in for it: an
extension of the same name with what is used of its interface, which the compiler holds against the published types.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "editors" / "vscode"
MODULES = HERE / "node_modules"
EXTENSION = ROOT / "lsp" / "editors" / "vscode"
PACKED = EXTENSION / "zkasm.vsix"
PACK = ["--no-dependencies", "--allow-missing-repository", "--skip-license"]

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
TASKS = {
    "version": "2.0.0",
    "tasks": [
        {"label": "what must hold", "type": "zkwasm", "command": "test", "file": "${workspaceFolder}/sums.zkasm"},
    ],
}


def missing(what: str) -> NoReturn:
    if os.environ.get("EDITOR_TESTS"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a person sees, by the part of `drive.mjs`."""
    node, chromium = shutil.which("node"), shutil.which("chromium") or shutil.which("chromium-browser")
    if node is None or chromium is None:
        missing("driving VS Code needs node 20 and Chromium (apt-get install chromium)")
    if not (MODULES / "code-server" / "lib" / "vscode" / "node_modules").is_dir():
        missing("VS Code for a browser is not installed; run tests/editors/vscode/setup")
    if not PACKED.is_file():
        missing("the extension is not built; run `npm ci && npm run package` in lsp/editors/vscode")
    scratch = tmp_path_factory.mktemp("vscode")
    workspaces = tmp_path_factory.mktemp("workspaces")
    python_extension = scratch / "python.vsix"
    vsce = EXTENSION / "node_modules" / ".bin" / "vsce"
    run([str(vsce), "package", *PACK, "--out", str(python_extension)], EXTENSION / "test" / "python-extension")
    write_workspaces(workspaces, scratch)
    command = [node, str(HERE / "drive.mjs"), str(MODULES), str(PACKED), str(python_extension), str(workspaces)]
    found: dict[str, Any] = json.loads(run([*command, str(scratch)], ROOT, CHROMIUM=chromium, **foreign(scratch)))
    return found | {"workspaces": str(workspaces)}


def run(command: list[str], folder: Path, **more: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=400, check=False, cwd=folder, env={**os.environ, **more}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write_workspaces(workspaces: Path, scratch: Path) -> None:
    for name in ("editing", "tasks", "selecting", "installing"):
        folder = workspaces / name
        folder.mkdir()
        (folder / "main.zkasm").write_text(MAIN, encoding="utf-8")
        (folder / "sums.zkasm").write_text(SUMS, encoding="utf-8")
    # The server is found where a person has it: in the virtual environment of the workspace.
    for name in ("editing", "tasks"):
        (workspaces / name / ".venv").symlink_to(sys.prefix)
    (workspaces / "tasks" / ".vscode").mkdir()
    (workspaces / "tasks" / ".vscode" / "tasks.json").write_text(json.dumps(TASKS), encoding="utf-8")
    # Two environments for the Python extension: one without and one with the server.
    served = workspaces / "served"
    served.symlink_to(sys.prefix)
    bare = scratch / "bare"
    run([sys.executable, "-m", "venv", "--without-pip", str(bare)], scratch)
    environments = json.dumps([str(folder / "bin" / "python") for folder in (bare, served)])
    (workspaces / "selecting" / "environments.json").write_text(environments, encoding="utf-8")


def foreign(scratch: Path) -> dict[str, str]:
    """The environment of one who has a Python on the PATH, without the server, and may install this very version."""
    commands = scratch / "commands"
    commands.mkdir()
    system = Path(sys.base_prefix) / "bin" / "python3"
    for name in ("python3", "python"):
        # What is installed for the Python of the system does not count.
        (commands / name).write_text(f'#!/bin/sh\nexec "{system}" -S "$@"\n', encoding="utf-8")
        (commands / name).chmod(0o755)
    wheels = scratch / "wheels"
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)], ROOT)
    return {"PATH": f"{commands}:/usr/bin:/bin", "PIP_FIND_LINKS": str(wheels)}


def test_a_missing_server_is_told(seen: dict[str, Any]) -> None:
    told = seen["editing"]["missing"]
    assert 'pip install "hatch-zkwasm[lsp]"' in told
    assert "/nowhere/python" in told
    assert "Choose a Python" in told


def test_a_diagnostic(seen: dict[str, Any]) -> None:
    assert "nowhere" in seen["editing"]["diagnostic"]
    assert "label_undefined" in seen["editing"]["diagnostic"]


def test_a_hover_with_costs(seen: dict[str, Any]) -> None:
    hover = seen["editing"]["hover"]
    assert "The sum of A and B." in hover
    assert "main" in hover
    assert "binary" in hover


def test_assertions_run(seen: dict[str, Any]) -> None:
    assert "1 of 2 assertions failed" in seen["editing"]["run"]
    lenses = "\n".join(seen["editing"]["lenses"])
    assert "2 steps" in lenses
    assert "A is 5, not 6" in lenses


def test_a_page_of_costs(seen: dict[str, Any]) -> None:
    assert "What sums.zkasm costs" in seen["editing"]["cost"]
    assert "2 main + 4 binary" in seen["editing"]["cost"]


def test_a_task_assembles_and_tells_problems(seen: dict[str, Any]) -> None:
    problem = seen["tasks"]["assembled"]
    assert "nowhere" in problem
    assert "zkwasm" in problem
    assert "[Ln 8" in problem


def test_a_task_of_the_workspace_runs_assertions(seen: dict[str, Any]) -> None:
    problem = seen["tasks"]["tested"]
    assert "zkwasm test" in problem
    assert "[Ln 3" in problem


def test_the_server_of_the_environment_that_is_selected(seen: dict[str, Any]) -> None:
    told = seen["selecting"]["missing"]
    assert "that is selected in the Python extension" in told
    assert "bare/bin/python): it has no hatch-zkwasm" in told


def test_the_server_is_installed(seen: dict[str, Any]) -> None:
    told = seen["installing"]["missing"]
    assert "on the PATH" in told
    environment = Path(seen["workspaces"]) / "installing" / ".venv"
    assert list(environment.glob("lib/python*/site-packages/hatch_zkwasm/__init__.py"))
