"""Properties: printing and parsing are inverse, and no text makes the assembler fail in any way but `AssemblyError`."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.asm.strategies import advice_nodes, trees
from zkwasm_compiler.asm import AssembleOptions, advice, assemble, check, load_rom, parse, print_tree
from zkwasm_compiler.asm.lexer import keywords
from zkwasm_compiler.asm.syntax import Tree
from zkwasm_compiler.errors import AssemblyError, InputError, Problem
from zkwasm_compiler.isa import MACHINES
from zkwasm_compiler.isa.machine import Machine

FRAGMENTS = (
    *sorted(frozenset().union(*map(keywords, MACHINES.values()))),
    "next",
    "x",
    "y",
    "l",
    "toString",
    "Infinity",
    "(",
    ")",
    "[",
    "]",
    ":",
    ",",
    "+",
    "-",
    "*",
    "/",
    "%",
    "**",
    "++",
    "--",
    "=>",
    "=",
    "!",
    "??",
    "?",
    "||",
    "&&",
    "|",
    "^",
    "&",
    "<<",
    ">>",
    "<",
    "<=",
    "==",
    "!=",
    "$",
    "${",
    "$0{",
    "$${",
    "}",
    "$0{SR}",
    "${addr.x[1]}",
    "${A+1}",
    "${mem.x}",
    "${const.K[1]}",
    "@x",
    "%K",
    "%A",
    ";",
    "/*",
    "*/",
    '"',
    '"f.zkasm"',
    ".",
    "#",
    "0",
    "1",
    "7",
    "0x1F",
    "10n",
    "4294967296",
    "9007199254740993",
    "18446744073709551616n",
    "2",
    "é",
    "$${var q = 2}",
    "\t",
    "\r",
    "\u2028",
)

machines = st.sampled_from(list(MACHINES.values()))
sources = st.lists(st.sampled_from([*FRAGMENTS, "\n", "\n", "\n", " "]), max_size=60).map(" ".join)


each_machine = pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES.keys())


@each_machine
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_parse_of_print_is_the_identity(machine: Machine, data: st.DataObject) -> None:
    tree = data.draw(trees(machine))
    parsed = parse(print_tree(tree), dialect=machine.dialect.name)
    assert parsed.problems == ()
    assert parsed.tree == tree


@each_machine
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_parse_of_shown_advice_is_the_identity(machine: Machine, data: st.DataObject) -> None:
    node = data.draw(advice_nodes(machine))
    assert advice.parse(advice.show(node), machine) == node


@settings(max_examples=200, deadline=None)
@given(machines.flatmap(advice_nodes))
def test_json_of_advice_reads_back(node: advice.Advice) -> None:
    found = advice.to_json(node)
    assert advice.from_json(json.loads(json.dumps(found))) == node


def assemble_anything(source: str, dialect: str) -> None:
    """Assemble; only `AssemblyError` may come out, and every problem has a place, a span and a kind."""
    options = AssembleOptions(dialect=dialect)
    try:
        program = assemble(source, resolve_include=lambda including, path: (path, "A\n"), options=options)
    except AssemblyError as error:
        problems = error.problems
    else:
        assert load_rom(program.rom_json()).rom() == json.loads(program.rom_json())
        return
    assert problems
    assert [problem for problem in problems if not is_placed(problem, source)] == []


def is_placed(problem: Problem, source: str) -> bool:
    """Whether a problem has its kind, and a line and a span of the file."""
    lines = source.count("\n") + source.count("\r") + 2
    first, last = problem.span or (0, 0)
    return (
        bool(problem.code)
        and problem.line is not None
        and 1 <= problem.line <= lines
        and 0 <= first <= last <= len(source)
    )


dialects = machines.map(lambda machine: machine.dialect.name)


@settings(max_examples=400, deadline=None)
@given(sources, dialects)
@example("/*" * 2000, "64")
@example("${" * 2000, "64")
@example("$${" * 2000, "64")
@example('"' * 2001, "64")
@example("/" + "*" * 5000, "64")
@example("CONST %A = " + "(" * 5000, "64")
@example("CONST %A = " + "- " * 5000 + "1", "64")
@example("CONST %A = " + "1 + " * 5000 + "1", "64")
@example("CONST %A = 2 ** 99999999999 ** 99999999999", "64")
@example("CONST %A = 1 << 99999999999999999999", "64")
@example("CONST %A = " + "9" * 5000, "64")
@example("CONST %A = " + "9" * 3999, "64")
@example("CONST %A = " + "9" * 3999 + "n", "64")
@example("2n**99999999999n => A", "64")
@example("-1n => A" + " - 18446744073709551615n" * 100, "64")
@example("A" + "*4294967295" * 600 + " => A", "64")
@example("A :MLOAD(SP + " + "9" * 400 + ")", "64")
@example("VAR GLOBAL x[" + "9" * 400 + "]\nA :MSTORE(x)", "64")
@example("${" + "(" * 5000 + "} => A", "64")
@example("${" + "-" * 5000 + "1} => A", "64")
@example("${" + "1*" * 5000 + "1} => A", "64")
@example("${" + "f(" * 5000 + "} => A", "64")
@example("${" + "9" * 5000 + "} => A", "64")
@example(
    "VAR GLOBAL x[" + "9" * 4000 + "]\n$0{addr.x[" + "9" * 4000 + "]} => A :MSTORE(x[E+" + "9" * 400 + "])", "durian"
)
def test_no_text_crashes_the_assembler(source: str, dialect: str) -> None:
    assemble_anything(source, dialect)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), dialects)
def test_no_characters_crash_the_assembler(source: str, dialect: str) -> None:
    assemble_anything(source, dialect)


@settings(max_examples=200, deadline=None)
@given(machines, st.data())
def test_no_damaged_program_crashes_the_assembler(machine: Machine, data: st.DataObject) -> None:
    source = print_tree(data.draw(trees(machine)))
    place = data.draw(st.integers(0, len(source)))
    length = data.draw(st.integers(0, 4))
    damaged = source[:place] + data.draw(st.sampled_from(FRAGMENTS)) + source[place + length :]
    assemble_anything(damaged, machine.dialect.name)


@settings(max_examples=200, deadline=None)
@given(sources, dialects)
def test_every_well_formed_line_of_a_broken_file_is_in_the_tree(source: str, dialect: str) -> None:
    """A line with a syntax error does not take the next one with it."""
    if any(sign in source for sign in ("/*", "${", "$0{", '"')):
        return  # these may reach over line ends
    last = parse(source + "\nlast_label: A => B\n", dialect=dialect).tree.statements[-2:]
    assert print_tree(Tree(last)) == "last_label:\n    A => B\n"


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), st.lists, max_leaves=5))
def test_no_json_crashes_the_rom_reader(found: object) -> None:
    for shape in (
        found,
        {"program": found},
        {"program": [found]},
        {"program": [], "labels": found, "interface": found},
    ):
        with suppress(InputError):
            load_rom(json.dumps(shape))
    with suppress(InputError):
        advice.from_json(found)


def test_allowed_undefined_names_become_warnings() -> None:
    options = AssembleOptions(allow_undefined_labels=True, allow_undefined_variables=True)
    checked = check(":JMP(nowhere)\nA :MSTORE(nothing)\n", options=options)
    assert checked.program is not None
    assert [warning.code for warning in checked.warnings] == ["label_undefined", "variable_undefined"]
    assert checked.program.rows[0]["jmpAddr"] is False
