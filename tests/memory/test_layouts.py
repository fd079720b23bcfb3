"""What depends on the memory layout: which one `auto` takes, what the interface says, limits, and checks that are
shared between accesses to bytes."""

from __future__ import annotations

import pytest

from hatch_zkwasm.commands.compile import MEMORY_LAYOUTS
from tests.memory.test_accesses import LAYOUT_NAMES, Pair
from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.asm.program import MEMORY_REGION
from zkwasm_compiler.errors import ConfigurationError, InputError
from zkwasm_compiler.ir.memory_layout import AUTO, BYTES, CHOICES, WORDS, MemoryLayout
from zkwasm_compiler.lowering.layout_choice import AccessKind, access_steps
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

LENGTH = """
(module (memory (export "memory") 1) (data (i32.const 16) "four bytes a cell or one")
  (func (export "length") (param $at i32) (result i32)
    (local $n i32)
    (block $end
      (loop $next
        (br_if $end (i32.eqz (i32.load8_u (i32.add (local.get $at) (local.get $n)))))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $n)))
"""
SUM = """
(module (memory (export "memory") 1) (data (i32.const 0) "\\01\\00\\00\\00\\02\\00\\00\\00\\03\\00\\00\\00")
  (func (export "sum") (param $count i32) (result i32)
    (local $at i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $at) (i32.shl (local.get $count) (i32.const 2)))))
    (local.get $sum)))
"""


def _compiled(text: str, layout: str = AUTO) -> Instance:
    return Instance(compile_module(wat_to_wasm(text, "layout.wat"), CompileOptions(memory_layout=layout)))


def _cell_bytes(instance: Instance) -> int:
    assert instance.interface.memory is not None
    return instance.interface.memory.cell_bytes


@pytest.mark.parametrize(("text", "call", "expected"), [(LENGTH, ("length", 16), BYTES), (SUM, ("sum", 3), WORDS)])
def test_the_choice_is_what_takes_fewer_steps(text: str, call: tuple[str, int], expected: MemoryLayout) -> None:
    steps = {layout: _compiled(text, layout).call(*call).steps for layout in LAYOUT_NAMES}
    chosen = _compiled(text)
    assert min(steps, key=lambda layout: steps[layout]) == expected.name
    assert chosen.call(*call).steps == steps[expected.name]
    assert _cell_bytes(chosen) == expected.cell_bytes


def test_a_loop_outweighs_an_access_outside() -> None:
    """The byte is loaded in a function that a loop calls; the words are moved once."""
    stores = " ".join(f"(i32.store (i32.const {4 * n}) (local.get 0))" for n in range(3))
    text = f"""
        (module (memory (export "memory") 1)
          (func $byte (param i32) (result i32) (i32.load8_u (local.get 0)))
          (func (export "f") (param $n i32)
            {stores}
            (loop $next
              (drop (call $byte (local.get $n)))
              (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
    """
    assert _cell_bytes(_compiled(text)) == 1
    assert _cell_bytes(_compiled(text.replace("(loop $next", "(block $next"))) == 4


@pytest.mark.parametrize("growing", [False, True])
def test_an_access_takes_what_the_decision_says(growing: bool) -> None:
    """Steps of one access with its function's return, address unknown: with words and with bytes."""
    expected = {
        ("i32.load8_u", 0): (8.5, 3),
        ("i32.load", 0): (5, 7),
        ("i64.load", 0): (10, 15),
        ("i32.store8", 1): (10.75, 4),
        ("i32.store", 4): (6, 10),
    }
    for (op, stored), steps in expected.items():
        found = [access_steps(AccessKind(op, None, stored, growing), layout) for layout in (WORDS, BYTES)]
        more = (2, 2) if growing else (0, 0)
        more = (3, 2) if growing and op == "i64.load" else more
        assert found == [fixed + extra for fixed, extra in zip(steps, more, strict=True)], op


def test_the_choices_of_the_command_line() -> None:
    assert MEMORY_LAYOUTS == CHOICES


def test_a_layout_that_does_not_exist() -> None:
    with pytest.raises(ConfigurationError, match="'cells' does not exist; the layouts are auto, words, bytes"):
        CompileOptions(memory_layout="cells")


LARGE = '(module (memory {}) (func (export "f") (param i32) (result i32) (i32.load8_u offset=100 (local.get 0))) {})'
GROW = '(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))'


def test_a_memory_too_large_for_bytes() -> None:
    with pytest.raises(InputError, match=r"32768 pages; the memory layout 'bytes' takes up to 32767. Choose 'words'"):
        _compiled(LARGE.format(32768, ""), "bytes")
    assert _cell_bytes(_compiled(LARGE.format(32768, ""))) == 4
    largest = _compiled(LARGE.format(32767, ""), "bytes")
    assert largest.call("f", 32767 * 65536 - 101).value == 0
    assert largest.call("f", 32767 * 65536 - 100).trap is not None
    growing = _compiled(LARGE.format(1, GROW), "bytes")
    assert [growing.call("grow", pages).value for pages in (32767, 32766, 1, 0)] == [-1, 1, -1, 32767]
    assert growing.call("f", 32767 * 65536 - 101).value == 0
    assert growing.call("f", 32767 * 65536 - 100).trap is not None


def test_the_window_of_the_public_executor_counts_cells() -> None:
    found = {
        (layout, pages): _compiled(LARGE.format(pages, ""), layout).interface.skip_address_check
        for layout in LAYOUT_NAMES
        for pages in (2, 3, 8, 9)
    }
    assert [key for key, beyond in found.items() if beyond] == [("words", 9), ("bytes", 3), ("bytes", 8), ("bytes", 9)]


SHARED = """
(module (memory (export "memory") 1) {grow}
  (data (i32.const 65480) "abcdefghijklmnopqrstuvwxyz")
  (func (export "fields") (param $p i32) (result i32)
    (i32.add (i32.add (i32.load (local.get $p)) (i32.load8_u offset=9 (local.get $p)))
             (i32.add (i32.load16_s offset=6 (local.get $p)) (i32.load offset=12 (local.get $p)))))
  (func (export "stores") (param $p i32)
    (i32.store8 (local.get $p) (i32.const 300))
    (i32.store offset=4 (local.get $p) (i32.load offset=1 (local.get $p)))
    (i32.store16 offset=3 (local.get $p) (i32.load8_s offset=8 (local.get $p)))
    (i64.store offset=8 (local.get $p) (i64.load (local.get $p)))
    (i32.store8 offset=2 (local.get $p) (i32.load8_s offset=15 (local.get $p))))
  (func (export "branches") (param $p i32) (param $c i32)
    (if (local.get $c) (then (i32.store8 offset=20 (local.get $p) (i32.const 1))))
    (i32.store8 offset=10 (local.get $p) (i32.const 2))
    (if (local.get $c)
      (then (i32.store8 offset=5 (local.get $p) (i32.const 3)) (i32.store8 offset=12 (local.get $p) (i32.const 4)))
      (else (i32.store8 offset=11 (local.get $p) (i32.const 5)))))
  (func (export "around") (param $p i32) (result i32)
    (local $i i32)
    (loop $next
      (i32.store8 (i32.add (local.get $p) (local.get $i)) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (i32.store8 (i32.add (local.get $p) (local.get $i)) (i32.const 9))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 5))))
    (i32.load8_u offset=2 (local.get $p)))
  (func (export "inside") (param $p i32) (result i32)
    (i32.store8 (i32.and (local.get $p) (i32.const 255)) (i32.and (local.get $p) (i32.const 127)))
    (i32.load16_u (i32.and (local.get $p) (i32.const 65535))))
  (func (export "dropped") (param $p i32)
    (i32.store8 offset=1 (local.get $p) (i32.const 1))
    (drop (i64.load offset=3 (local.get $p)))
    (i32.store8 (local.get $p) (i32.const 1)))
  (func (export "divided") (param $p i32) (param $d i32) (result i32)
    (i32.add (i32.load8_u (local.get $p))
      (i32.add (i32.div_u (i32.const 7) (local.get $d)) (i32.load8_u offset=6 (local.get $p))))))
"""


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize(("layout", "level"), [("words", 2), ("bytes", 0), ("bytes", 2)])
def test_shared_checks_trap_where_they_must(layout: str, growing: bool, level: int) -> None:
    """What was stored before the trap is compared as well."""
    pair = Pair(SHARED.format(grow=GROW if growing else ""), layout, level)
    for address in (0, 5, *range(65514, 65540), -1, -3, -16):
        pair.call("fields", address)
        pair.call("stores", address)
        pair.call("around", address)
        pair.call("inside", address)
        pair.call("dropped", address)
        for flag in (0, 1):
            pair.call("branches", address, flag)
            pair.call("divided", address, flag)
        pair.same_memory([(0, 32), (65400, 65536)])


def test_no_check_is_made_twice() -> None:
    """Three fields of one address: one check; an address that is known to be inside: none."""
    lines = _compiled(SHARED.format(grow=""), "bytes").program.source.splitlines()

    def checks(name: str) -> int:
        start = lines.index(f"f_{name}:")
        end = next(n for n, line in enumerate(lines) if n > start and line == "")
        return sum("trap_out_of_bounds" in line for line in lines[start:end])

    assert [checks(name) for name in ("fields", "inside", "dropped")] == [1, 1, 2]


def test_cells_of_bytes_hold_bytes() -> None:
    instance = _compiled(SHARED.format(grow=""), "bytes")
    result = instance.call("stores", 65490)
    cells = {cell: low for cell, (low, _) in result.execution.memory.items() if cell >= MEMORY_REGION}
    assert max(cells.values()) < 256
    assert instance.memory.read(65490, 2) == bytes([44, ord("l")])
