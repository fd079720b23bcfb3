"""What the README and the pages about usage say is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hatch_zkwasm.cli import main
from hatch_zkwasm.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md",
    "docs/configuration.md",
    "docs/command-line.md",
    "docs/python-interface.md",
    "docs/memory-costs.md",
    "docs/language-server.md",
    "lsp/zkwasm_lsp/diagnostics.md",
    "docs/editors.md",
    "lsp/editors/vscode/README.md",
    "docs/table-costs.md",
    "docs/host-functions.md",
    "docs/toolchains.md",
    "docs/public-interface.md",
)


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^```\n(python -m pip install .*)\n```$", readme, re.MULTILINE)
    assert len(commands) == 2
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [command for command in commands if command not in ci] == []


@pytest.mark.parametrize("page", [*PAGES, "example_project/README.md"])
def test_links_lead_somewhere(page: str) -> None:
    file = ROOT / page
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read_text(encoding="utf-8"))
    assert [link for link in links if not (file.parent / link).exists()] == []


def test_every_command_is_described() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert [command.NAME for command in COMMANDS if f"| `zkwasm {command.NAME} " not in page] == []


def test_the_shown_runs_are_real(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    page = ROOT / "docs" / "command-line.md"
    written = shown = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", written, re.MULTILINE | re.DOTALL)
    commands = [block.partition("\n")[0] for block in blocks]
    assert [command.split()[2] for command in commands] == ["run", "profile", "audit"]
    for block, command in zip(blocks, commands, strict=True):
        assert main(command.split()[2:]) == 0
        shown = shown.replace(block, f"{command}\n{capsys.readouterr().out}")
    if request.config.getoption("--bless"):
        page.write_text(shown, encoding="utf-8")
    else:
        assert written == shown, "the output is stale; run pytest --bless and read the difference"
