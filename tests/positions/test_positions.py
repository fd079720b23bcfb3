"""Rows know what they were compiled from: each op of a function stands at the offset of its instruction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.programs import module_bytes
from zkwasm_compiler import CompileOptions, compile_module, wasm
from zkwasm_compiler.asm.positions import Position, Positions, changes, positions_from_json, positions_json
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import InputError, UnsupportedError
from zkwasm_compiler.wasm.source_lines import source_lines
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import ExecutionFault, Instance
from zkwasm_simulator.interpreter import Engine

TEXT = """(module
  (import "env" "assert_eq" (func $assert (param i32 i32))) (memory 1)
  (func $small (param i32) (result i32) (call $assert (local.get 0) (i32.const 5)) (i32.load (local.get 0)))
  (func (export "main") (param i32 i32) (result i32) (i32.div_u (call $small (local.get 0)) (local.get 1))))"""


def _compiled(level: int = 2) -> tuple[bytes, Program]:
    data = wat_to_wasm(TEXT, "positions.wat")
    return data, compile_module(data, CompileOptions(optimization_level=level))


def _at(program: Program, text: str) -> set[Position | None]:
    """The positions of the rows whose text begins so."""
    assert program.positions is not None
    rows = enumerate(program.rows)
    return {program.positions.at(number) for number, row in rows if row["lineStr"].strip().startswith(text)}


@pytest.mark.parametrize("level", [0, 2])
def test_a_step_has_the_offset_of_its_instruction_also_where_a_function_is_inlined(level: int) -> None:
    data, program = _compiled(level)
    call, load = (data.index(opcode) for opcode in (bytes([0x10, 0]), bytes([0x28, 2])))
    assert _at(program, "5 :ASSERT") == {Position(call, "small")}
    assert Position(load, "small") in _at(program, "$ => A :MLOAD(MEM:E") | _at(program, "$ => B :MLOAD(MEM:E")
    assert _at(program, "${E / B} => A") <= {Position(data.index(bytes([0x20, 1, 0x6E])) + 2, "main")}


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("name", ["kernels.wasm", "memory/quicksort.wasm", "tables.wat"])
def test_every_row_of_a_function_is_somewhere_in_the_module(name: str, level: int) -> None:
    data = module_bytes(name)
    program = compile_module(data, CompileOptions(optimization_level=level))
    assert program.positions is not None
    assert program.interface is not None
    instructions = {i.offset for function in wasm.load(data).functions for i in function.body}
    labels = {program.labels[label]: label for label, _ in program.interface.functions}
    for label in labels.values():
        position = program.positions.at(program.labels[label])
        assert position is not None
        assert position.offset in instructions
        assert position.function
    rows = [program.positions.at(row) for row in range(len(program.rows))]
    assert {position.offset for position in rows if position} <= instructions
    assert sum(position is not None for position in rows) > len(labels)


def test_a_fault_names_the_instruction() -> None:
    data, program = _compiled()
    with pytest.raises(ExecutionFault) as caught:
        Instance(program).call("main", 4, 1)
    assert caught.value.position == Position(data.index(bytes([0x10, 0])), "small")
    assert f"of the WebAssembly function small, byte offset {caught.value.position.offset:#x} " in str(caught.value)


@pytest.mark.parametrize("dwarf", [4, 5])
def test_positions_have_the_lines_of_the_source(dwarf: int) -> None:
    """Comments in the source say which lines the rows must be from."""
    data = module_bytes(f"debug/lines_dwarf{dwarf}.wasm")
    program = compile_module(data)
    assert program.positions is not None
    source = Path(__file__).parents[1] / "programs" / "debug" / "lines.c"
    marked = {n for n, line in enumerate(source.read_text().splitlines(), 1) if line.endswith(f"// line {n}")}
    assert len(marked) == 3
    for level in (0, 2):
        program = compile_module(data, CompileOptions(optimization_level=level))
        assert program.positions is not None
        found = [program.positions.at(row) for row in range(len(program.rows))]
        assert {position.file for position in found if position and position.line} == {"debug/lines.c"}
        assert marked - {23} <= {position.line for position in found if position}
        named = {(position.function, position.line) for position in found if position}
        assert {("helper", 9), ("element", 18)} <= named


def test_debugging_information_that_is_cut_is_no_error() -> None:
    module = wasm.load(module_bytes("debug/lines_dwarf4.wasm"))
    whole = source_lines(module)
    assert whole.lines
    for name in (".debug_line", ".debug_info", ".debug_abbrev"):
        for keep in (0, 1, 7, 40):
            sections = (
                replace(section, data=section.data[:keep]) if section.name == name else section
                for section in module.custom_sections
            )
            cut = source_lines(replace(module, custom_sections=tuple(sections)))
            assert set(cut.lines) <= set(whole.lines)
    assert source_lines(wasm.load(module_bytes("kernels.wasm"))).lines == ()


TRAPS = """(module
  (memory 1) (table 2 funcref) (type $t (func (result i32)))
  (func $deep (param i32) (result i32) (i32.load offset=4 (local.get 0)))
  (func (export "load") (param i32 i32) (result i32)
    (loop (result i32) (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))) (call $deep (local.get 0))))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "nothing") (param i32 i32) (result i32) (if (local.get 0) (then unreachable)) (local.get 1))
  (func (export "indirect") (param i32 i32) (result i32) (call_indirect (type $t) (local.get 0))))"""


@pytest.mark.parametrize("engine", ["reference", "jit"])
@pytest.mark.parametrize("level", [0, 2])
def test_a_trap_names_the_instruction(level: int, engine: Engine) -> None:
    """In a first call, and in one that keeps the state of others; a call that goes well has none."""
    data = wat_to_wasm(TRAPS, "traps.wat")
    program = compile_module(data, CompileOptions(optimization_level=level))
    instance = Instance(program, engine=engine)
    load, divide = data.index(bytes([0x28, 2, 4])), data.index(bytes([0x6D, 0x0B]))
    for arguments, name, position in (
        ((65536, 5), "load", Position(load, "deep")),
        ((7, 0), "divide", Position(divide, "divide")),
        ((1 << 31, -1), "divide", Position(divide, "divide")),
    ):
        result = instance.call(name, *arguments)
        assert result.trap is not None
        assert (name, result.position) == (name, position)
    for name in ("nothing", "indirect"):  # a branch that leads to nothing but a trap is where it happens
        place = instance.call(name, 1, 0).position
        assert place is not None
        assert place.function == name
    assert instance.call("divide", 8, 2).position is None


LIBRARY = """(module
  (memory 1)
  (func $at (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "over") (param i32 i32) (result i32) (i32.div_u (call $at (local.get 0)) (local.get 1))))"""
LINKED = """(module
  (import "lib" "over" (func $over (param i32 i32) (result i32))) (memory 1)
  (func (export "theirs") (param i32 i32) (result i32) (call $over (local.get 0) (local.get 1)))
  (func (export "ours") (param i32 i32) (result i32) (i32.load (i32.div_s (local.get 0) (local.get 1)))))"""


def _linked(level: int) -> tuple[bytes, bytes, Program]:
    library, main = wat_to_wasm(LIBRARY, "lib.wat"), wat_to_wasm(LINKED, "main.wat")
    return library, main, compile_module(main, CompileOptions(optimization_level=level, links={"lib": library}))


@pytest.mark.parametrize("level", [0, 2])
def test_a_trap_in_a_linked_module_names_it(level: int) -> None:
    library, main, program = _linked(level)
    instance = Instance(program)
    load, divide = library.index(bytes([0x28, 2])), library.index(bytes([0x6E, 0x0B]))
    own_load, own_divide = main.index(bytes([0x28, 2])), main.index(bytes([0x6D, 0x28]))
    for name, arguments, position in (
        ("theirs", (65536, 1), Position(load, "lib.at", module="lib")),
        ("theirs", (0, 0), Position(divide, "lib.over", module="lib")),
        ("ours", (65536, 1), Position(own_load, "ours")),
        ("ours", (1, 0), Position(own_divide, "ours")),
    ):
        assert instance.call(name, *arguments).position == position
    assert str(Position(load, "lib.at", module="lib")) == f"lib.at, byte offset {load:#x} of the linked module lib"


def test_a_linked_module_has_the_lines_of_its_source() -> None:
    library = module_bytes("debug/lines_dwarf5.wasm")
    export = next(export for export in wasm.load(library).exports if export.kind.name == "FUNCTION")
    type_ = wasm.load(library).function_type(export.index)
    parameters = " ".join(map(str, type_.parameters))
    signature = f"(param {parameters}) (result {' '.join(map(str, type_.results))})"
    text = f'(module (import "lib" "{export.name}" (func $f {signature})) (export "g" (func $f)))'
    program = compile_module(wat_to_wasm(text, "main.wat"), CompileOptions(links={"lib": library}))
    alone = compile_module(library, CompileOptions((export.name,)))
    assert program.positions is not None
    assert alone.positions is not None
    found = {program.positions.at(row) for row in range(len(program.rows))} - {None}
    wanted = {alone.positions.at(row) for row in range(len(alone.rows))} - {None}
    assert {(one.offset, one.file, one.line) for one in found if one} == {
        (one.offset, one.file, one.line) for one in wanted if one
    }
    assert {one.module for one in found if one} == {"lib"}


def test_what_is_not_supported_is_in_its_module() -> None:
    text = '(module (import "zkwasm" "nothing" (func $f)) (func (export "g") (call $f)))'
    library = wat_to_wasm(text, "lib.wat")
    main = wat_to_wasm('(module (import "lib" "g" (func $g)) (export "g" (func $g)))', "main.wat")
    with pytest.raises(UnsupportedError) as caught:
        compile_module(main, CompileOptions(links={"lib": library}))
    (problem,) = caught.value.problems
    assert problem.byte_offset is not None
    assert problem.byte_offset < len(library)
    assert str(problem).startswith(f"linked module lib: byte {problem.byte_offset:#x}: ")


@pytest.mark.parametrize("linked", [False, True])
def test_positions_are_read_back(linked: bool) -> None:
    program = _linked(2)[2] if linked else _compiled()[1]
    assert program.positions is not None
    assert bool(program.positions.modules) is linked
    assert positions_from_json(positions_json(program.positions)) == program.positions
    for text in ("", "[]", "{}", '{"length": 1, "rows": [[1]], "functions": [], "files": [], "lines": []}'):
        with pytest.raises(InputError, match="not the positions of a program"):
            positions_from_json(text)


def test_lookups() -> None:
    positions = Positions(
        9, ((0, -1), (2, 20), (5, 41), (7, -1)), ((10, 30, "f"), (40, 50, "")), ("a.c",), ((15, 0, 3), (25, 0, 0))
    )
    assert [positions.at(row) for row in (0, 1, 7, 8)] == [None] * 4
    assert {positions.at(row) for row in (2, 3, 4)} == {Position(20, "f", "a.c", 3)}
    assert positions.at(5) == Position(41)
    assert str(positions.at(2)) == "f, byte offset 0x14 (a.c:3)"
    assert changes([(0, 1), (1, 1), (2, 3), (3, 1)]) == ((0, 1), (2, 3), (3, 1))
    assert Positions().at(3) is None


def test_an_offset_behind_the_end_of_a_body_is_in_no_function() -> None:
    positions = Positions(
        4, ((0, 12), (1, 29), (2, 30), (3, 39)), ((10, 30, "f"), (40, 50, "g")), ("a.c",), ((15, 0, 3),)
    )
    found = [positions.at(row) for row in range(4)]
    assert found == [Position(12, "f"), Position(29, "f", "a.c", 3), Position(30), Position(39)]


def test_a_file_beside_the_program_is_read(tmp_path: Path) -> None:
    from hatch_zkwasm.sources import load_file

    _, program = _compiled()
    assert program.positions is not None
    (tmp_path / "p.zkasm").write_text(program.source)
    (tmp_path / "p.rom.json").write_text(program.rom_json())
    for name in ("p.zkasm", "p.rom.json"):
        assert load_file(tmp_path / name, optimization_level=2).positions is None
    (tmp_path / "p.map.json").write_text(positions_json(program.positions))
    for name in ("p.zkasm", "p.rom.json"):
        assert load_file(tmp_path / name, optimization_level=2).positions == program.positions
    (tmp_path / "q.zkasm").write_text(program.source + "  :JMP(start)\n")
    (tmp_path / "q.map.json").write_text(positions_json(program.positions))
    assert load_file(tmp_path / "q.zkasm", optimization_level=2).positions is None
