"""Modules that are linked: what is shared and what is not, the order of instantiation, what does not fit."""

from __future__ import annotations

import pytest

from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.errors import LinkError, ValidationError
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance, InstantiationError, static_audit

COUNTER = """
(module
  (global $count (export "count") (mut i32) (i32.const 10))
  (global (export "step") i32 (i32.const 3))
  (func $add (export "add") (param i32) (result i32)
    (global.set $count (i32.add (global.get $count) (local.get 0))) (global.get $count)))
"""
TABLES = """
(module
  (type $f (func (param i32) (result i32)))
  (table (export "table") 4 8 funcref)
  (elem (i32.const 0) $double)
  (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "apply") (param i32 i32) (result i32) (call_indirect (type $f) (local.get 0) (local.get 1))))
"""
MEMORY = """
(module
  (memory (export "memory") 1 2)
  (data (i32.const 8) "\\01\\02\\03\\04")
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))
"""


def instance(text: str, *, level: int = 2, **links: str) -> Instance:
    libraries = {name: wat_to_wasm(library, name) for name, library in links.items()}
    options = CompileOptions(optimization_level=level, links=libraries)
    program = compile_module(wat_to_wasm(text, "main.wat"), options)
    assert not static_audit(program).findings
    return Instance(program)


@pytest.mark.parametrize("level", [0, 2])
def test_functions_and_globals_are_those_of_the_library(level: int) -> None:
    text = """
    (module
      (import "lib" "add" (func $add (param i32) (result i32)))
      (import "lib" "count" (global $count (mut i32)))
      (import "lib" "step" (global $step i32))
      (global $own (mut i32) (global.get $step))
      (func (export "twice") (result i32 i32)
        (drop (call $add (global.get $own)))
        (global.set $count (i32.add (global.get $count) (i32.const 100)))
        (call $add (global.get $step)) (global.get $count)))
    """
    linked = instance(text, level=level, lib=COUNTER)
    assert [export.name for export in linked.interface.exports] == ["twice"]
    assert linked.call("twice").value == [116, 116]
    assert linked.call("twice").value == [222, 222]


@pytest.mark.parametrize("level", [0, 2])
def test_a_table_is_shared_and_functions_keep_their_state(level: int) -> None:
    text = """
    (module
      (type $f (func (param i32) (result i32)))
      (import "t" "table" (table $t 2 10 funcref))
      (import "t" "apply" (func $apply (param i32 i32) (result i32)))
      (import "c" "add" (func $add (param i32) (result i32)))
      (elem (i32.const 1) $own $add)
      (func $own (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
      (func (export "apply") (param i32 i32) (result i32) (call $apply (local.get 0) (local.get 1)))
      (func (export "call") (param i32 i32) (result i32) (call_indirect (type $f) (local.get 0) (local.get 1)))
      (func (export "set") (param i32) (table.set (local.get 0) (ref.func $own))))
    """
    linked = instance(text, level=level, t=TABLES, c=COUNTER)
    for name in ("apply", "call"):
        assert linked.call(name, 21, 0).value == 42
        assert linked.call(name, 21, 1).value == 22
        assert linked.call(name, 21, 3).trap is Trap.UNINITIALIZED_ELEMENT
        assert linked.call(name, 21, 4).trap is Trap.UNDEFINED_ELEMENT
    assert linked.call("call", 5, 2).value == 15
    assert linked.call("apply", 5, 2).value == 20
    linked.call("set", 3)
    assert linked.call("apply", 21, 3).value == 22


def test_a_memory_is_shared() -> None:
    text = """
    (module
      (import "m" "memory" (memory 1))
      (import "m" "load" (func $load (param i32) (result i32)))
      (data (i32.const 9) "\\ff")
      (func (export "load") (param i32) (result i32) (call $load (local.get 0)))
      (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1))))
    """
    linked = instance(text, m=MEMORY)
    assert linked.call("load", 8).value == 0x0403FF01
    linked.call("store", 8, 7)
    assert linked.call("load", 8).value == 7


def test_a_library_may_import_from_those_before_it() -> None:
    middle = """
    (module
      (import "lib" "add" (func $add (param i32) (result i32)))
      (export "again" (func $add))
      (func (export "both") (param i32) (result i32) (drop (call $add (local.get 0))) (call $add (local.get 0))))
    """
    text = """
    (module
      (import "lib" "add" (func $add (param i32) (result i32)))
      (import "middle" "again" (func $again (param i32) (result i32)))
      (import "middle" "both" (func $both (param i32) (result i32)))
      (func (export "all") (result i32)
        (drop (call $add (i32.const 1))) (drop (call $again (i32.const 10))) (call $both (i32.const 100))))
    """
    assert instance(text, lib=COUNTER, middle=middle).call("all").value == 221


def test_a_memory_that_nothing_uses_does_not_count() -> None:
    library = '(module (memory (export "memory") 2) (func (export "one") (result i32) (i32.const 1)))'
    text = """
    (module (import "lib" "one" (func $one (result i32))) (memory (export "memory") 1)
      (func (export "f") (result i32) (i32.store (i32.const 4) (call $one)) (i32.load (i32.const 4))))
    """
    assert instance(text, lib=library).call("f").value == 1


def test_start_functions_run_in_order_and_segments_are_placed_between() -> None:
    library = """
    (module
      (memory (export "memory") 1) (table (export "table") 3 funcref)
      (global $seen (export "seen") (mut i32) (i32.const 0))
      (func $start
        (global.set $seen (i32.load (i32.const 0)))
        (i32.store (i32.const 0) (i32.const 0x11111111)) (table.set (i32.const 1) (ref.func $start)))
      (elem declare func $start) (start $start))
    """
    text = """
    (module
      (import "lib" "memory" (memory 1)) (import "lib" "table" (table 3 funcref))
      (import "lib" "seen" (global (mut i32)))
      (data (i32.const 1) "\\22") (elem (i32.const 1) $mine)
      (func $mine (result i32) (i32.const 5))
      (func $start (i32.store (i32.const 4) (i32.load (i32.const 0))))
      (start $start)
      (func (export "see") (result i32 i32 i32)
        (global.get 0) (i32.load (i32.const 4)) (call_indirect (result i32) (i32.const 1))))
    """
    assert instance(text, lib=library).call("see").value == [0, 0x11112211, 5]


def test_what_was_placed_by_code_is_dropped_and_own_segments_may_wait() -> None:
    """A segment for a table of its own beside one for an imported table that a start function may have read."""
    library = """
    (module (memory (export "memory") 1) (table (export "table") 1 funcref)
      (func $start (i32.store (i32.const 0) (i32.const 7)) (table.set (i32.const 0) (ref.null func))) (start $start))
    """
    text = """
    (module
      (import "lib" "memory" (memory 1)) (import "lib" "table" (table $theirs 1 funcref)) (table $own 1 funcref)
      (data $text (i32.const 0) "\\05")
      (elem (table $own) (i32.const 0) func $three) (elem $moved (table $theirs) (i32.const 0) func $three)
      (func $three (result i32) (i32.const 3))
      (func (export "see") (result i32 i32 i32)
        (i32.load (i32.const 0)) (call_indirect $own (result i32) (i32.const 0))
        (call_indirect $theirs (result i32) (i32.const 0)))
      (func (export "data") (memory.init $text (i32.const 4) (i32.const 0) (i32.const 1)))
      (func (export "elements") (table.init $theirs $moved (i32.const 0) (i32.const 0) (i32.const 1))))
    """
    linked = instance(text, lib=library)
    assert linked.call("see").value == [5, 3, 3]
    assert linked.call("data").trap is Trap.OUT_OF_BOUNDS_MEMORY_ACCESS
    assert linked.call("elements").trap is Trap.OUT_OF_BOUNDS_TABLE_ACCESS


def test_types_of_blocks_are_those_of_their_module() -> None:
    library = """
    (module (type $pair (func (param i32) (result i32 i32)))
      (func (export "f") (param i32) (result i32)
        (local.get 0) (block (type $pair) (i32.const 5)) (i32.sub)))
    """
    text = """
    (module (type $other (func (param i64 i64) (result i64)))
      (import "lib" "f" (func $f (param i32) (result i32)))
      (type $pair (func (param i32) (result i32 i32)))
      (func (export "g") (param i32) (result i32)
        (call $f (local.get 0)) (block (type $pair) (i32.const 2)) (i32.mul)))
    """
    assert instance(text, lib=library).call("g", 12).value == 14


def test_a_trap_of_a_library_is_one_of_the_instantiation() -> None:
    library = '(module (func (export "f")) (func $start unreachable) (start $start))'
    with pytest.raises(InstantiationError) as caught:
        instance('(module (import "lib" "f" (func $f)) (func (export "g") (call $f)))', lib=library)
    assert caught.value.trap is Trap.UNREACHABLE


LIBRARY = """
(module
  (func (export "f") (param i32) (result i64) (i64.const 0))
  (global (export "g") i32 (i32.const 1)) (global (export "v") (mut i32) (i32.const 1))
  (table (export "t") 2 5 funcref) (table (export "u") 2 funcref) (memory (export "m") 1 3))
"""


@pytest.mark.parametrize(
    ("imported", "message"),
    [
        ('"x" (func)', "unknown import: import lib.x of the module: the linked module exports f, g, v, t, u, m"),
        ('"f" (func (param i32))', "is a function [i32] -> []; what is exported is a function [i32] -> [i64]"),
        ('"f" (global i32)', "import lib.f of the module is a global; what is exported is a function"),
        ('"g" (global i64)', "is a global i64; what is exported is a global i32"),
        ('"g" (global (mut i32))', "is a global (mut i32); what is exported is a global i32"),
        ('"v" (global i32)', "is a global i32; what is exported is a global (mut i32)"),
        ('"t" (table 3 funcref)', "is a table of 3 funcref; what is exported is a table of 2 to 5 funcref"),
        ('"t" (table 2 4 funcref)', "is a table of 2 to 4 funcref; what is exported is a table of 2 to 5 funcref"),
        ('"t" (table 2 externref)', "is a table of 2 externref; what is exported is a table of 2 to 5 funcref"),
        ('"u" (table 2 9 funcref)', "is a table of 2 to 9 funcref; what is exported is a table of 2 funcref"),
        ('"m" (memory 2)', "is a memory of 2 pages; what is exported is a memory of 1 to 3 pages"),
        ('"m" (memory 1 2)', "is a memory of 1 to 2 pages; what is exported is a memory of 1 to 3 pages"),
    ],
)
def test_what_does_not_fit(imported: str, message: str) -> None:
    with pytest.raises(LinkError) as caught:
        instance(f'(module (import "lib" {imported}) (func (export "e")))', lib=LIBRARY)
    assert message in str(caught.value)
    assert str(caught.value).startswith("byte 0x")


@pytest.mark.parametrize(
    "imported", ['"t" (table 1 6 funcref)', '"m" (memory 0)', '"m" (memory 1 3)', '"g" (global i32)']
)
def test_what_fits(imported: str) -> None:
    instance(f'(module (import "lib" {imported}) (func (export "e")))', lib=LIBRARY)


def test_problems_of_a_library_name_it() -> None:
    library = bytes.fromhex("0061736d0100000001040160000003020100070501016600010a040102000b")
    with pytest.raises(ValidationError, match="linked module lib: byte 0x15: export 'f': unknown function 1"):
        compile_module(wat_to_wasm("(module)", "main.wat"), CompileOptions(links={"lib": library}))
