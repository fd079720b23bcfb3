"""The pages about the server say what there is."""

from __future__ import annotations

import re
from pathlib import Path

from zkwasm_lsp.language.codes import CODES, DOCUMENTATION
from zkwasm_lsp.settings import SETTING_NAMES, Settings, settings_from

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def test_every_code_has_its_section() -> None:
    page = DOCUMENTATION.read_text(encoding="utf-8")
    sections = re.findall(r"^## (\w+)\n\n\*(\w+)\.\* (.*)$", page, re.MULTILINE)
    assert [name for name, _, _ in sections] == list(CODES)
    for name, severity, text in sections:
        assert severity == CODES[name].severity.value, name
        assert text.startswith(CODES[name].meaning), name
        assert len(text) > len(CODES[name].meaning) + 10, name
        address, _, line = CODES[name].link.partition("#L")
        assert address == DOCUMENTATION.as_uri()
        assert page.splitlines()[int(line) - 1] == f"## {name}"


def test_every_code_of_the_assembler_has_its_row() -> None:
    used = set()
    for path in sorted((ROOT / "compiler" / "zkwasm_compiler" / "asm").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"(?:problem|warn|ConstantError)\(\s*\"(\w+)\"|code=\"(\w+)\"", text))
    names = {name for pair in used for name in pair if name}
    assert len(names) > 25
    assert names - set(CODES) == set()


def test_every_setting_is_listed_with_its_default() -> None:
    page = (DOCS / "language-server.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w.]+)` \| `(.*?)` \|", page.partition("## Settings")[2], re.MULTILINE))
    assert list(rows) == list(SETTING_NAMES)
    defaults = {name: eval(shown, {"true": True, "false": False}) for name, shown in rows.items()}
    assert settings_from(defaults) == (Settings(), [])
    for name, value in defaults.items():
        other = {bool: not value, int: 7, str: "64", dict: {"syntax": "off"}}[type(value)]
        assert settings_from({name: other})[0] != Settings(), name
