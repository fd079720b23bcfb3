"""The TextMate grammar of zkASM, from the machines' rows: colours for editors before, or without, a server.

`python -m zkwasm_lsp.textmate` prints it as JSON; `lsp/editors/vscode/syntaxes` has what it prints, as a test says. A
grammar does not know the dialect of a file, so this one has the words of all; the server's semantic tokens know better
and win where there is a server (`language/highlight.py`). Scopes are the usual ones that themes have colours for, and
those that editors fall back to for the types of semantic tokens: colours stay when the server answers. An operation is
a ``keyword.control``, a register a ``variable.parameter``, a label an ``entity.name.function``, a constant a
``variable.other.constant``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from zkwasm_compiler.asm.lexer import STATEMENT_KEYWORDS
from zkwasm_compiler.isa import MACHINES
from zkwasm_compiler.isa.machine import Kind

SCOPE = "source.zkasm"
REGIONS = ("SYS", "MEM", "STACK")
"""The words of statements that stand in operands."""

_NAME = r"[a-zA-Z_][a-zA-Z$_0-9]*"
_NUMBER = r"\b(?:0x[0-9A-Fa-f][0-9A-Fa-f_]*|[0-9][0-9_]*)n?"

Rule = dict[str, Any]


def grammar() -> Rule:
    """The grammar as the object that is written as JSON."""
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "zkASM",
        "scopeName": SCOPE,
        "fileTypes": ["zkasm"],
        "patterns": [_include("comments"), _include("statements"), _include("step")],
        "repository": {
            "comments": _patterns(*_comments()),
            "statements": _patterns(*_statements()),
            "step": _patterns(*_step()),
            "operands": _patterns(*_operands()),
            "values": _patterns(*_values()),
            "registers": _patterns(*_registers()),
            "operators": _patterns(_match(r"\+\+|--|\*\*|\+|-|\*", "keyword.operator.arithmetic")),
            "expressions": _patterns(
                _match(r"\*\*|<<|>>|\|\||&&|==|!=|<=|>=|\?\?|[-+*^|&<>!?:/]|%(?![a-zA-Z_])", "keyword.operator")
            ),
            "free-inputs": _patterns(*_free_inputs()),
            "advice": _patterns(*_advice()),
        },
    }


def text() -> str:
    """The grammar as it is committed."""
    return json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"


# Pieces of rules


def _scoped(name: str) -> str:
    return f"{name}.zkasm"


def _match(pattern: str, name: str) -> Rule:
    return {"match": pattern, "name": _scoped(name)}


def _captures(**names: str) -> Rule:
    """Scopes of the groups of a pattern: ``_1="…"``."""
    return {number[1:]: {"name": _scoped(name)} for number, name in names.items()}


def _include(name: str) -> Rule:
    return {"include": f"#{name}"}


def _patterns(*rules: Rule) -> Rule:
    return {"patterns": list(rules)}


def _words(names: Iterable[str]) -> str:
    """A pattern for whole words; as in the lexer, ``$`` after a word of the language does not belong to it."""
    longest_first = sorted(set(names), key=lambda name: (-len(name), name))
    return rf"(?<![a-zA-Z$_0-9])(?:{'|'.join(longest_first)})(?![a-zA-Z_0-9])"


# The words of all machines


def _register_names(*, read_only: bool) -> list[str]:
    return [row.name for machine in MACHINES.values() for row in machine.registers if row.read_only == read_only]


def _counter_names() -> list[str]:
    return [row.name for machine in MACHINES.values() for row in machine.counters]


def _operation_names() -> dict[Kind, list[str]]:
    rows = [row for machine in MACHINES.values() for row in machine.operations]
    return {kind: names for kind in Kind if (names := [row.name for row in rows if row.kind is kind])}


def _all_words() -> list[str]:
    operations = [name for names in _operation_names().values() for name in names]
    registers = [*_register_names(read_only=False), *_register_names(read_only=True)]
    return [*STATEMENT_KEYWORDS, *registers, *_counter_names(), *operations]


# Rules


def _comments() -> Iterable[Rule]:
    yield {
        "begin": r"(;@)[ \t]*(run|dialect|interface)?\b",
        "beginCaptures": _captures(_1="punctuation.definition.comment", _2="keyword.other.directive"),
        "end": r"(?=[\r\n])|$",
        "name": _scoped("comment.line.semicolon.directive"),
    }
    yield _match(r";.*$", "comment.line.semicolon")
    yield {"begin": r"/\*", "end": r"\*/", "name": _scoped("comment.block")}


def _statements() -> Iterable[Rule]:
    start = r"(?<![a-zA-Z$_0-9])"
    yield {
        "match": rf"{start}(?!{_words(_all_words())})({_NAME})[ \t]*(:)",
        "captures": _captures(_1="entity.name.function.label", _2="punctuation.separator.label"),
    }
    yield {
        "match": rf'{start}(INCLUDE)[ \t]*("[^"]+")',
        "captures": _captures(_1="storage.modifier.include", _2="string.quoted.double"),
    }
    yield {
        "match": rf"{start}(VAR)[ \t]+(GLOBAL|CTX)[ \t]+({_NAME})",
        "captures": _captures(_1="storage.modifier", _2="storage.modifier", _3="variable.other.declaration"),
    }
    yield {
        "begin": rf"{start}(CONSTL|CONST)[ \t]*(%{_NAME})[ \t]*(=)",
        "beginCaptures": _captures(
            _1="storage.modifier", _2="variable.other.constant.declaration", _3="keyword.operator.assignment"
        ),
        # No end of a line is needed before the next statement; a word that is no constant begins one.
        "end": r"(?=[\r\n;$]|[a-zA-Z_]|=>)|$",
        "patterns": [_include("comments"), _include("values"), _include("expressions")],
    }
    yield _match(_words(("INCLUDE",)), "storage.modifier.include")
    yield _match(_words(("CONSTL", "CONST", "VAR")), "storage.modifier")
    yield _match(_words(("GLOBAL",)), "storage.modifier")


def _step() -> Iterable[Rule]:
    yield _match("=>", "keyword.operator.assignment")
    for kind, names in _operation_names().items():
        scope = f"keyword.control.{kind.value}"
        target = "entity.name.function.label" if kind is Kind.JUMP else "variable.other"
        yield {
            "begin": rf"({_words(names)})[ \t]*(\()",
            "beginCaptures": _captures(_1=scope, _2="punctuation.section.parens.begin"),
            "end": r"(\))|(?=[\r\n;])|$",
            "endCaptures": _captures(_1="punctuation.section.parens.end"),
            "patterns": [_include("operands"), _match(_NAME, target)],
        }
        yield _match(_words(names), scope)
    yield from map(_include, ("values", "registers", "free-inputs", "operators"))
    yield _match(":", "punctuation.separator.operations")
    yield _match(",", "punctuation.separator.list")


def _operands() -> Iterable[Rule]:
    yield {
        "match": rf"({_words(REGIONS)})[ \t]*(:)",
        "captures": _captures(_1="storage.modifier.region", _2="punctuation.separator.region"),
    }
    yield from map(_include, ("values", "registers", "operators"))
    yield _match(r"[\[\]]", "punctuation.section.brackets")
    yield _match(",", "punctuation.separator.list")


def _values() -> Iterable[Rule]:
    yield _match(_NUMBER, "constant.numeric")
    yield _match(rf"%{_NAME}", "variable.other.constant")
    yield _match(rf"@{_NAME}", "entity.name.function.reference")


def _registers() -> Iterable[Rule]:
    yield _match(_words(_register_names(read_only=False)), "variable.parameter.register")
    yield _match(_words(_register_names(read_only=True)), "variable.parameter.register.readonly")
    yield _match(_words(_counter_names()), "variable.parameter.counter.readonly")


def _free_inputs() -> Iterable[Rule]:
    advice = {
        "endCaptures": _captures(_0="entity.name.function.preprocessor.free-input"),
        "patterns": [_include("advice")],
    }
    for opening, scope in ((r"\$\$\{", "meta.command"), (r"\$0?\{", "meta.free-input")):
        yield {
            "begin": opening,
            "beginCaptures": _captures(_0="entity.name.function.preprocessor.free-input"),
            "end": r"\}",
            "name": _scoped(scope),
            **advice,
        }
    yield _match(r"\$", "entity.name.function.preprocessor.free-input")


def _advice() -> Iterable[Rule]:
    functions = [row.name for machine in MACHINES.values() for row in machine.advice_functions]
    for modules, name in (("mem|addr", "variable.other"), ("const", "variable.other.constant")):
        yield {
            "match": rf"(?<![a-zA-Z$_0-9])({modules})[ \t]*(\.)[ \t]*({_NAME})",
            "captures": _captures(_1="entity.name.namespace", _2="punctuation.accessor", _3=name),
        }
    yield _match(r"(?<![a-zA-Z$_0-9])var(?![a-zA-Z$_0-9])", "storage.modifier")
    yield _match(rf"{_words(functions)}(?=[ \t]*\()", "support.function.advice")
    yield _match(rf"{_NAME}(?=[ \t]*\()", "entity.name.function.advice")
    yield _include("registers")
    yield _match(_NUMBER, "constant.numeric")
    yield _match(_NAME, "variable.other")
    yield _match(r"\*\*|<<|>>|&&|\|\||[=!<>]=|[-+*/%&|^<>?:=~!]", "keyword.operator")


if __name__ == "__main__":
    sys.stdout.write(text())
