"""Entry points of the assembler: includes, files, built trees, the interface, ROM files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_type_hints

import pytest

from tests.asm.vectors import includes
from zkwasm_compiler.asm import (
    AssembleOptions,
    Define,
    Interface,
    assemble,
    assemble_file,
    assemble_tree,
    check,
    check_file,
    load_rom,
    parse,
)
from zkwasm_compiler.asm.interface import directive, interface_from_json, interface_to_json
from zkwasm_compiler.asm.program import Export, GlobalCell, RomRow, Variable
from zkwasm_compiler.asm.rom import field_types
from zkwasm_compiler.asm.syntax import (
    CommandStatement,
    CommentStatement,
    ConstantStatement,
    FreeInput,
    LabelStatement,
    Name,
    Number,
    Operand,
    OperationCall,
    RegisterName,
    StepStatement,
    Term,
    Tree,
    VariableStatement,
)
from zkwasm_compiler.errors import AssemblyError, InputError, InternalError
from zkwasm_compiler.isa import machine

INTERFACE = Interface(
    exports=(Export("add", 1, ("i32", "i64"), ("i64",)), Export('run ;@ "x" }', 2, (), ())),
    globals=(GlobalCell(0, "i32", True, 5, "count"), GlobalCell(1, "f64", False, 6)),
    argument_cell=1,
    argument_words=2,
    result_cell=3,
    result_words=1,
)


def test_a_program_has_rows_labels_constants_and_variables() -> None:
    program = assemble("VAR GLOBAL a[3]\nVAR CTX b\nVAR GLOBAL c\nCONST %K = 2\nl: %K => A :MSTORE(c)\n")
    assert program.variables == (
        Variable("a", "GLOBAL", 0, 3),
        Variable("b", "CTX", 0, 1),
        Variable("c", "GLOBAL", 3, 1),
    )
    assert program.labels == {"l": 0}
    assert program.constants["K"] == {"value": "2", "type": "CONST", "line": 4, "fileName": "main.zkasm"}
    assert program.rows[0]["offset"] == 3
    assert program.source.startswith("VAR GLOBAL a[3]")


def test_the_rom_text_is_that_of_the_public_command_line() -> None:
    assert assemble("A => B").rom_json() == (
        '{\n "program": [\n  {\n   "inA": "1",\n   "setB": 1,\n   "line": 1,\n   "fileName": "main.zkasm",\n'
        '   "lineStr": "A => B"\n  }\n ],\n "labels": {},\n "constants": {}\n}\n'
    )


def test_constants_from_outside_replace_those_of_the_source() -> None:
    options = AssembleOptions(defines={"K": 7, "L": Define(9, long=True)})
    program = assemble("CONST %K = 99999999999\n%K => A\n%L => B\n", options=options)
    assert [program.rows[0].get("CONST"), program.rows[1].get("CONSTL")] == ["7", "9"]
    assert program.warnings == ("main.zkasm:1:1: the definition of `%K` is ignored: the options define it as 7",)


# Includes


def test_a_file_that_includes_itself_is_an_error() -> None:
    files = {"a.zkasm": 'A\nINCLUDE "b.zkasm"\n', "b.zkasm": 'INCLUDE "a.zkasm"\nB => \n'}
    with pytest.raises(AssemblyError) as caught:
        assemble('INCLUDE "a.zkasm"', resolve_include=includes(files))
    assert [problem.code for problem in caught.value.problems] == ["syntax", "include_recursive"]
    assert "a.zkasm → b.zkasm → a.zkasm" in caught.value.problems[1].message


def test_too_many_includes_are_an_error() -> None:
    files = {f"{n}": f'INCLUDE "{n + 1}"\nINCLUDE "{n + 1}"\n' for n in range(20)} | {"20": ""}
    with pytest.raises(AssemblyError, match="more than 10000 files are included"):
        assemble('INCLUDE "0"', resolve_include=includes(files))


def test_files_that_include_each_other_in_a_long_chain_are_an_error() -> None:
    files = {f"{n}": f'INCLUDE "{n + 1}"\n' for n in range(500)}
    with pytest.raises(AssemblyError, match=r"^99:1:1: more than 100 files include each other in a chain$"):
        assemble('INCLUDE "0"', resolve_include=includes(files))


def test_problems_name_the_file_they_are_in() -> None:
    checked = check('INCLUDE "a"\nINCLUDE "gone"\n:JMP(x)\n', resolve_include=includes({"a": "A\nA :ADD, SUB\n"}))
    assert [(p.file, p.line, p.code) for p in checked.problems] == [
        ("a", 2, "field_collision"),
        ("main.zkasm", 2, "include_not_found"),
        ("main.zkasm", 3, "label_undefined"),
    ]


def test_a_source_from_memory_has_no_includes() -> None:
    with pytest.raises(AssemblyError, match='"a" cannot be included: the source is assembled from memory'):
        assemble('INCLUDE "a"')


def test_files_include_beside_themselves(tmp_path: Path) -> None:
    (tmp_path / "main.zkasm").write_text('INCLUDE "sub/a.zkasm"\nA => B\n')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.zkasm").write_bytes(b'C => D\r\nINCLUDE "../b.zkasm"\r\n')
    (tmp_path / "b.zkasm").write_text("D => E")
    rows = assemble_file(tmp_path / "main.zkasm").rows
    assert [(row["fileName"], row["line"]) for row in rows] == [("sub/a.zkasm", 1), ("b.zkasm", 1), ("main.zkasm", 2)]


def test_includes_are_found_under_the_names_that_are_written(tmp_path: Path) -> None:
    """Absolute paths, paths up and down, and symbolic links, which are not followed to another folder."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.zkasm").write_text('INCLUDE "b.zkasm"\n')
    (tmp_path / "lib" / "b.zkasm").write_text("A => B\n")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "b.zkasm").write_text("C => D\n")
    (tmp_path / "project" / "a.zkasm").symlink_to(tmp_path / "lib" / "a.zkasm")
    main = tmp_path / "project" / "main.zkasm"
    main.write_text(f'INCLUDE "a.zkasm"\nINCLUDE "../lib/a.zkasm"\nINCLUDE "{tmp_path}/project/b.zkasm"\n')
    rows = assemble_file(main).rows
    lib = (tmp_path / "lib" / "b.zkasm").as_posix()
    assert [(row["fileName"], row["lineStr"]) for row in rows] == [
        ("b.zkasm", "C => D"),
        (lib, "A => B"),
        ("b.zkasm", "C => D"),
    ]


def test_unsaved_texts_stand_in_for_files(tmp_path: Path) -> None:
    """An editor's reader: the main file and an include are not on disk as they are in the editor."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.zkasm").write_text("broken on disk\n")
    (tmp_path / "sub" / "saved.zkasm").write_text("C => D\n")
    unsaved = {
        tmp_path / "main.zkasm": 'l: INCLUDE "sub/new.zkasm"\nA => B\nVAR GLOBAL v\n',
        tmp_path / "sub" / "new.zkasm": 'INCLUDE "saved.zkasm"\nB =>\nINCLUDE "saved.zkasm"\n',
    }

    def read(path: Path) -> str:
        return unsaved.get(path) or path.read_text()

    checked = check_file(tmp_path / "main.zkasm", read=read)
    assert [(p.file, p.line, p.code) for p in checked.problems] == [("sub/new.zkasm", 2, "syntax")]
    assert [file.file_name for file in checked.files] == ["main.zkasm", "sub/new.zkasm", "sub/saved.zkasm"]
    assert [tmp_path / file.file_name for file in checked.files][:2] == list(unsaved)
    assert (checked.program, checked.labels, checked.variables) == (None, {"l": 0}, (Variable("v", "GLOBAL", 0, 1),))
    unsaved[tmp_path / "sub" / "new.zkasm"] = "B => A\n"
    rows = assemble_file(tmp_path / "main.zkasm", read=read).rows
    assert [row["fileName"] + ": " + row["lineStr"] for row in rows] == ["sub/new.zkasm: B => A", "main.zkasm: A => B"]


def test_a_missing_or_unreadable_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        assemble_file(tmp_path / "gone.zkasm")
    (tmp_path / "latin.zkasm").write_bytes(b"; \xe9\n")
    with pytest.raises(InputError, match=r"latin\.zkasm: byte 0x2: is not UTF-8 text"):
        assemble_file(tmp_path / "latin.zkasm")
    (tmp_path / "main.zkasm").write_text('INCLUDE "latin.zkasm"\nINCLUDE "."\n')
    with pytest.raises(AssemblyError) as caught:
        assemble_file(tmp_path / "main.zkasm")
    assert [problem.code for problem in caught.value.problems] == ["include_not_found"] * 2
    assert [problem.message for problem in caught.value.problems] == [
        '"latin.zkasm" cannot be read: byte 0x2 is not UTF-8 text',
        '"." cannot be read: Is a directory',
    ]


# Built trees


def built() -> Tree:
    add = OperationCall("ADD")
    store = OperationCall("MSTORE", Operand("name [ E + number ]", (Name("cells"),), 2))
    loop = OperationCall("JMPN", Operand("name , name", (Name("loop"), Name("next"))))
    return Tree(
        (
            CommentStatement("made by hand"),
            VariableStatement("GLOBAL", "cells", Number(8)),
            ConstantStatement("K", Number(5), comment="five"),
            LabelStatement("loop", comment="again"),
            StepStatement((Term((FreeInput(),)),), (RegisterName("A"),), (add, store), comment="sum"),
            CommandStatement("log(A,\n B)"),
            StepStatement((Term((RegisterName("A"),), True), Term((Number(3), RegisterName("C")))), (), (loop,)),
        )
    )


def test_a_built_tree_is_printed_and_assembled() -> None:
    program = assemble_tree(built(), "made.zkasm")
    assert program.source == (
        "; made by hand\nVAR GLOBAL cells[8]\nCONST %K = 5  ; five\nloop:  ; again\n"
        "    $ => A :ADD, MSTORE(cells[E + 2])  ; sum\n    $${log(A,\n B)}\n    -A + 3*C :JMPN(loop, next)\n"
    )
    assert [(row["line"], row["lineStr"]) for row in program.rows] == [
        (5, "    $ => A :ADD, MSTORE(cells[E + 2])  ; sum"),
        (8, "    -A + 3*C :JMPN(loop, next)"),
    ]
    assert program.rom() == assemble(program.source, file_name="made.zkasm").rom()


def test_problems_of_a_built_tree_have_the_line_of_its_print() -> None:
    tree = Tree((*built().statements, StepStatement((), (), (OperationCall("JMP", Operand("name", (Name("gone"),))),))))
    with pytest.raises(AssemblyError, match=r"made\.zkasm:9: the label `gone` is not defined"):
        assemble_tree(tree, "made.zkasm")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (StepStatement((Term((Number(-1),)),)), "literal -1"),
        (StepStatement((Term((FreeInput("a}b"),)),)), "contains a brace: a}b"),
        (StepStatement((Term((RegisterName("Q"),)),)), "names Q, which is no register"),
        (StepStatement((), (), (OperationCall("JMP", Operand("label")),)), "which the machine lacks"),
    ],
)
def test_a_senseless_built_tree_is_a_bug_of_its_maker(step: StepStatement, message: str) -> None:
    with pytest.raises(InternalError, match=message):
        assemble_tree(Tree((step,)))


# The interface and ROM files


def test_the_interface_survives_text_and_rom() -> None:
    program = assemble_tree(built(), interface=INTERFACE)
    assert program.interface == INTERFACE
    assert program.source.startswith(directive(INTERFACE) + "\n; made by hand\n")
    assert assemble(program.source).interface == INTERFACE
    assert list(program.rom()) == ["program", "labels", "constants", "interface"]
    assert load_rom(program.rom_json()).interface == INTERFACE
    assert interface_from_json(json.loads(json.dumps(interface_to_json(INTERFACE)))) == INTERFACE


@pytest.mark.parametrize(
    "text",
    ["nothing", "[]", '{"exports": 3}', '{"unknown": 1}', '{"argument_cell": "1"}', '{"exports": [{"name": "f"}]}'],
)
def test_a_wrong_interface_is_a_problem_with_its_place(text: str) -> None:
    checked = check(f"A\n  ;@ interface {text}\n")
    assert [(p.code, p.line, p.column) for p in checked.problems] == [("interface", 2, 3)]


def test_a_rom_reads_back() -> None:
    source = "VAR GLOBAL v\nl: ${mem.v + 1} => A :MSTORE(v), JMP(l)\n$${log(A)}\n"
    program = assemble(source)
    again = load_rom(program.rom_json(), "x.rom.json")
    assert (again.rows, again.labels, again.constants) == (program.rows, program.labels, program.constants)
    assert (again.source, again.file_name) == ("", "x.rom.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "x.json:1:2: not JSON"),
        ("[1]", 'a ROM is a JSON object with a list "program"; this is [1]'),
        ('{"program": [3]}', "instruction 0 is no JSON object but 3"),
        ('{"program": [{"inA": 1}]}', 'instruction 0: "inA" must be a decimal number as text; it is 1'),
        ('{"program": [{"jmpAddr": "x"}]}', 'instruction 0: "jmpAddr" must be an integer; it is "x"'),
        ('{"program": [{"arithEq0": 1}]}', 'the unknown field "arithEq0"; is it a ROM of another machine?'),
        ('{"program": [{"freeInTag": {"op": "nand"}}]}', '"freeInTag" must be advice'),
        ('{"program": [], "labels": {"a": "1"}}', '"labels" must be an object from names to addresses'),
        ('{"program": [], "interface": {"x": 1}}', "not the interface of a program"),
        (
            '{"program": [], "interface": {"memory": {"minimum": 1, "maximum": 1, "words_cell": 7, "cell_bytes": 3}}}',
            "`cell_bytes` must be one of 1, 4; it is 3",
        ),
    ],
)
def test_a_wrong_rom_is_an_input_error(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_rom(text, "x.json")
    assert message in str(caught.value)


def test_what_the_machine_should_never_run_is_a_warning() -> None:
    checked = check("l: A => RR :CALL(l)\n$ => A\nA :RETURN, JMPZ(l)\n${x}\n$${y}\n:JMP(l)\n$${z}\n")
    assert [(warning.code, warning.line) for warning in checked.warnings] == [
        ("never_emit", 1),
        ("free_input", 2),
        ("never_emit", 3),
        ("command_dropped", 7),
    ]


def test_a_dialect_word_list_is_not_shared_with_names() -> None:
    """Keywords of other machines are plain names here."""
    assert parse("SR: SLOAD: HASHP:\n").problems == ()


def test_the_fields_of_a_rom_derive_from_the_rows_of_its_machine() -> None:
    """Those of zkvm64 are the typed ones, but for two whose names are Python keywords."""
    typed = {*get_type_hints(RomRow), "assert", "return"}
    assert field_types(machine("zkvm64")).keys() == typed
    wide = field_types(machine("zkevm256")).keys()
    assert typed < wide
    assert {"inSR", "inFREE0", "assumeFree", "maxInd", "arithEq", "hashPDigest"} <= wide - typed
