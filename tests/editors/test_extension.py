"""The VS Code extension says what there is: settings, codes, dialects, files, snippets that assemble."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from zkwasm_compiler.asm import AssembleOptions, assemble
from zkwasm_compiler.isa import DIALECTS
from zkwasm_lsp.language.codes import CODES, Severity
from zkwasm_lsp.settings import SETTING_NAMES, Settings, settings_from
from zkwasm_simulator.assertions import run_assertions

EXTENSION = Path(__file__).resolve().parents[2] / "lsp" / "editors" / "vscode"
MANIFEST = EXTENSION / "package.json"
SNIPPETS: dict[str, dict[str, Any]] = json.loads((EXTENSION / "snippets" / "zkasm.json").read_text(encoding="utf-8"))
ONLY_64 = {"Hash"}
OF_THE_CLIENT = ["python", "serverArguments", "trace.server"]


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return found


def test_codes_and_dialects_are_those_of_the_server(request: pytest.FixtureRequest) -> None:
    wanted = manifest()
    properties = wanted["contributes"]["configuration"]["properties"]
    levels = [*(severity.value for severity in Severity), "off"]
    properties["zkwasm.dialect"]["enum"] = ["", *DIALECTS]
    properties["zkwasm.diagnostics.severity"]["properties"] = {
        code.name: {"enum": levels, "default": code.severity.value, "description": code.meaning}
        for code in CODES.values()
    }
    if request.config.getoption("--bless"):
        MANIFEST.write_text(json.dumps(wanted, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert manifest() == wanted, "package.json is stale; run pytest --bless"


def test_every_setting_of_the_server_is_there_with_its_default() -> None:
    properties = manifest()["contributes"]["configuration"]["properties"]
    assert list(properties) == [f"zkwasm.{name}" for name in (*OF_THE_CLIENT, *SETTING_NAMES)]
    defaults = {name: properties[f"zkwasm.{name}"]["default"] for name in SETTING_NAMES}
    assert settings_from(defaults) == (Settings(), [])


def test_commands_are_registered_and_described() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in sorted((EXTENSION / "src").glob("*.ts")))
    registered = set(re.findall(r'registerCommand\("([\w.]+)"', sources))
    assert registered == {row["command"] for row in manifest()["contributes"]["commands"]}


def test_files_that_are_named_exist() -> None:
    names = re.findall(r'"((?:media|snippets|syntaxes|walkthrough)/[^"]+|[\w-]+\.json)"', MANIFEST.read_text("utf-8"))
    assert len(names) > 8
    assert [name for name in names if not (EXTENSION / name).is_file()] == []


def expanded(lines: list[str]) -> str:
    """A snippet as it stands in the editor when nothing is changed in it."""
    text = "\n".join(lines) + "\n"
    text = re.sub(r"(?<!\\)\$\{\d+\|([^,|]*)[^}]*\|\}", r"\1", text)
    text = re.sub(r"(?<!\\)\$\{\d+:((?:\\.|[^}])*)\}", r"\1", text)
    text = re.sub(r"(?<!\\)\$\d+", "", text)
    assert not re.search(r"(?<!\\)\$\{\d", text), text
    return re.sub(r"\\([$}\\])", r"\1", text)


@pytest.mark.parametrize("name", SNIPPETS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_snippets_assemble(name: str, dialect: str) -> None:
    text = expanded(SNIPPETS[name]["body"])
    if name == "Dialect" or (name in ONLY_64 and dialect != "64"):
        dialect = "64"
    program = assemble(text, options=AssembleOptions(dialect=dialect))
    assert program.rows or name in ("Assertion", "Dialect")


@pytest.mark.parametrize("name", [name for name, row in SNIPPETS.items() if ";@ run" in "".join(row["body"])])
def test_assertions_in_snippets_hold(name: str, tmp_path: Path) -> None:
    text = expanded(SNIPPETS[name]["body"])
    if name == "Assertion":
        text += "sum:\n        $ => A  :ADD\n        :RETURN\n"
    file = tmp_path / "main.zkasm"
    file.write_text(text, encoding="utf-8")
    runs = run_assertions(file, step_limit=1000).runs
    assert runs
    assert [str(run) for run in runs if not run.passed] == []


def test_assertions_in_the_example_hold() -> None:
    runs = run_assertions(EXTENSION / "media" / "example.zkasm", step_limit=1000).runs
    assert [run.passed for run in runs] == [True, True]


def test_the_problem_matchers_read_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from hatch_zkwasm.cli import main

    patterns = {row["name"]: row for row in manifest()["contributes"]["problemPatterns"]}
    broken = tmp_path / "broken.zkasm"
    broken.write_text("        A + => B\n        :JMP(nowhere)\n", encoding="utf-8")
    assert main(["asm", str(broken)]) == 1
    row = patterns["zkwasm"]
    found = [match for line in capsys.readouterr().err.splitlines() if (match := re.match(row["regexp"], line))]
    assert [(m[row["severity"]], m[row["line"]], m[row["column"]]) for m in found] == [("error", "1", "13")]
    assert Path(found[0][row["file"]]).name == "broken.zkasm"
    failing = tmp_path / "failing.zkasm"
    failing.write_text(";@ run A=2 => A=4\nsame:\n        :RETURN\n", encoding="utf-8")
    assert main(["test", str(failing)]) == 1
    first, second = patterns["zkwasm-test"]["patterns"]
    lines = capsys.readouterr().out.splitlines()
    match = re.match(first["regexp"], lines[0])
    assert match is not None
    assert (Path(match[first["file"]]).name, match[first["line"]]) == ("failing.zkasm", "1")
    reason = re.match(second["regexp"], lines[1])
    assert reason is not None
    assert reason[second["message"]] == "A is 2, not 4"
