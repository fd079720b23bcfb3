"""The TextMate grammar: the committed file is the generated one, and it colours as the server's semantic tokens do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.asm.vectors import cases
from zkwasm_compiler import isa
from zkwasm_compiler.asm.lexer import keywords
from zkwasm_lsp import textmate
from zkwasm_lsp.language.highlight import TYPES, pieces
from zkwasm_lsp.language.source import Origins, read
from zkwasm_lsp.language.text import Text

EXTENSION = Path(__file__).resolve().parents[2] / "lsp" / "editors" / "vscode"
GRAMMAR = EXTENSION / "syntaxes" / "zkasm.tmLanguage.json"

SCOPES = {
    "comment": "comment",
    "keyword": "keyword.control",
    "modifier": "storage.modifier",
    "function": "entity.name.function.(label|reference)",
    "variable": "variable.other",
    "enumMember": "variable.other.constant",
    "parameter": "variable.parameter|storage.modifier",  # the scope CTX of a variable is the name of a register
    "number": "constant.numeric",
    "string": "string",
    "operator": "keyword.operator",
    "macro": "entity.name.function.preprocessor.free-input",
    "method": "(support|entity.name).function.advice",
    "namespace": "entity.name.namespace",
}
"""The scopes that a type of semantic token may have in the grammar."""

SAMPLE = """\
;@ dialect durian
CONST %A = 2 * (3 << 1) % 5 ; remark
CONSTL %B = 0xFFn
VAR GLOBAL x
VAR CTX y[%A]
INCLUDE "other.zkasm"
/* more ; lines
   $ => A */ start: A + 2*B - %A => C, D :ADD, MSTORE(x), JMPC(start, next) ; and a comment
        $0{mem.x + addr.y - const.A + f(A, 0x1f) ? 1 : _v} => SR :MSTORE(MEM:E + 3)
        $${var _v = cond(A
            == 3)}
        @start + CNT_ARITH => RR :MLOAD(y[E + 1]), CALL(@start + RR)
        :JMP(start)
        :REPEAT(RCX)
        STEP => A :HASHK(E), RETURN
"""


def test_the_committed_grammar_is_the_generated_one(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--bless"):
        GRAMMAR.write_text(textmate.text(), encoding="utf-8")
    assert GRAMMAR.read_text(encoding="utf-8") == textmate.text(), "the grammar is stale; run pytest --bless"


def test_all_words_of_all_machines_are_in_it() -> None:
    words = set(re.findall(r"\w+", json.dumps(textmate.grammar())))
    for machine in isa.MACHINES.values():
        assert keywords(machine) <= words, machine.name
        assert set(machine.advice_function_table) <= words, machine.name


def coloured(texts: list[str]) -> Any:
    """The texts with scopes, as VS Code gives them."""
    node = shutil.which("node")
    if node is None or not (EXTENSION / "node_modules" / "vscode-textmate").is_dir():
        pytest.skip("colouring as VS Code does needs node 20; run `npm ci` in lsp/editors/vscode")
    script = [node, str(EXTENSION / "test" / "tokenize.mjs")]
    done = subprocess.run(script, input=json.dumps(texts), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def differences(text: str, dialect: str, lines: list[list[tuple[int, int, str]]]) -> list[tuple[str, str, str]]:
    """Pieces that the grammar colours otherwise than the server: the piece, its type, its scope."""
    machine = isa.machine_of_dialect(dialect)
    other = {word for one in isa.MACHINES.values() for word in keywords(one)} - keywords(machine)
    source = read(Text.of(text), machine, Origins())
    found = []
    for index, chunk in enumerate(source.chunks):
        for start, end, kind, _ in pieces(chunk):
            piece = chunk.text[start:end]
            # Words of the other dialect are names here; `next` is no label, but stands where labels do.
            if piece.lstrip("%@") in other or piece == "next":
                continue
            line, column = source.text.position(source.start(index) + start)
            scopes = {scope for first, last, scope in lines[line] if first < column + end - start and last > column}
            wrong = [scope for scope in scopes if not re.match(SCOPES[TYPES[kind]], scope)]
            # A directive is coloured within a comment.
            if wrong and not (TYPES[kind] == "comment" and piece.startswith(";@")):
                found.append((piece, TYPES[kind], " ".join(sorted(scopes))))
    return found


def test_it_colours_as_the_server() -> None:
    example = (EXTENSION / "media" / "example.zkasm").read_text(encoding="utf-8")
    for text, dialect, lines in zip((SAMPLE, example), ("durian", "64"), coloured([SAMPLE, example]), strict=True):
        assert differences(text, dialect, lines) == []


@pytest.mark.parametrize(("file", "dialect"), [("asm64.jsonl", "64"), ("asm256.jsonl", "durian")])
def test_it_colours_recorded_sources_as_the_server(shared: Path, file: str, dialect: str) -> None:
    sources = [
        case["source"]
        for case in cases(shared / "vectors" / file)
        if "json" in case and case.get("branch", "64") == dialect and case["source"].isascii()
    ]
    wrong = {}
    for text, lines in zip(sources, coloured(sources), strict=True):
        found = differences(text, dialect, lines)
        if found:
            wrong[text] = found
    assert list(wrong.items())[:5] == []
