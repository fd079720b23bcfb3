"""Distances, overlaps and bounds checks of accesses hold for whatever the values are."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from zkwasm_compiler.analysis.addresses import WORD, Addresses, Linear, just
from zkwasm_compiler.analysis.memory_dependence import (
    Access,
    MemoryDependence,
    Place,
    distance,
    implied,
    memory_writers,
)
from zkwasm_compiler.analysis.ranges import value_ranges
from zkwasm_compiler.ir.function import Block, Function, Memory, Module, Type, Value
from zkwasm_compiler.ir.parser import parse_module

SETTINGS = settings(max_examples=150, deadline=None, derandomize=True)
SMALL = st.one_of(st.integers(0, 20), st.integers(WORD - 20, WORD - 1), st.sampled_from([1 << 16, 1 << 31]))
WIDTHS = st.sampled_from([1, 2, 4, 8])
BLOCK = Block(0)


def _function(text: str) -> Function:
    return parse_module(f"function f#0(i32, i32, i32) -> (i32) {{\n{text}}}\n").functions[0]


def test_sums_are_taken_apart() -> None:
    function = _function("""b0(v0: i32, v1: i32, v2: i32):
  v3 = i32.const 12
  v4 = i32.mul v1, v3
  v5 = i32.sub v4, v0
  v6 = i32.const 2
  v7 = i32.shl v5, v6
  v8 = i32.add v7, v3
  v9 = i32.shl v3, v1
  v10 = i32.add v8, v9
  return v10
""")
    v0, v1, _ = function.entry.parameters
    body = function.entry.body
    found = Addresses().linear(body[-1])
    assert found == Linear(((v0, WORD - 4), (v1, 48), (body[-2], 1)), 12)
    assert found.plus(found, -1) == Linear((), 0)


def test_what_replaces_a_value_is_seen_through() -> None:
    function = _function("""b0(v0: i32, v1: i32, v2: i32):
  v3 = i32.const 8
  v4 = i32.load #0 v0
  v5 = i32.add v4, v3
  return v5
""")
    replaced: dict[Value, Value] = {}
    addresses = Addresses(lambda value: replaced.get(value, value))
    constant, load, total = function.entry.body
    assert addresses.linear(total) == Linear(((load, 1),), 8)
    replaced[load] = constant
    assert addresses.linear(total) == Linear((), 16)


@given(
    x=st.integers(0, WORD - 1) | SMALL,
    constants=st.tuples(SMALL, SMALL),
    offsets=st.tuples(SMALL, SMALL),
    widths=st.tuples(WIDTHS, WIDTHS),
    size=st.sampled_from([1 << 16, 1 << 31, WORD]),
    bounds=st.tuples(st.booleans(), st.booleans()),
)
@SETTINGS
def test_an_implied_access_does_not_trap(
    x: int,
    constants: tuple[int, int],
    offsets: tuple[int, int],
    widths: tuple[int, int],
    size: int,
    bounds: tuple[bool, bool],
) -> None:
    """Bases x + c, and everything or exactly the base known of it."""
    value = Value(0, "parameter", Type.I32)
    accesses, ends, places = [], [], []
    known: dict[Access, tuple[int, int]] = {}
    for constant, offset, width, exact in zip(constants, offsets, widths, bounds, strict=True):
        base = (x + constant) % WORD
        place = Place(just(value).shifted(constant + offset), width, BLOCK)
        accesses.append(Access(value, place, offset))
        known.setdefault(accesses[-1], (base, base) if exact else (0, WORD - 1))
        places.append(base + offset)
        ends.append(base + offset + width)
    done, later = accesses
    if ends[0] <= size and implied(done, later.place, later, known.__getitem__):
        assert ends[1] <= size
        assert places[1] - places[0] == distance(done.place, later.place)


def test_a_check_is_implied_by_one_that_reaches_further() -> None:
    value = Value(0, "parameter", Type.I32)

    def access(constant: int, offset: int, width: int) -> Access:
        place = Place(just(value).shifted(constant + offset), width, BLOCK)
        return Access(value, place, offset)

    def implies(one: Access, other: Access) -> bool:
        return implied(one, other.place, other, lambda _: (0, WORD - 1))

    assert implies(access(0, 8, 4), access(0, 8, 4))
    assert implies(access(0, 8, 8), access(0, 12, 4))
    assert implies(access(0, 8, 4), access(0, 0, 4)), "the memory has no lower end"
    assert not implies(access(0, 8, 4), access(0, 8, 8))
    assert implies(access(0, 8, 4), access(8, 0, 4)), "without an offset nothing passes 2^32"
    assert not implies(access(8, 0, 4), access(0, 8, 4)), "8 below 2^32 the sum wraps and the offset does not"
    assert implies(access(8, 8, 4), access(8, 4, 4))
    assert not implies(access(8, 8, 4), access(4, 4, 4)), "the second base may be below 2^32 when the first is not"
    assert not implies(access(8, 0, 4), access(0, 0, 4)), "0 + 8 may have wrapped"


@given(seed=st.integers(0, 1 << 30))
@SETTINGS
def test_places_that_may_not_overlap_do_not(seed: int) -> None:
    """Addresses in two indexes of known ranges, drawn until the two accesses are in one small memory."""
    choose = random.Random(seed)
    scale, other_scale = choose.choice([1, 4, 8, 12]), choose.choice([1, 4, 8, 12])
    text = f"""b0(v0: i32, v1: i32, v2: i32):
  v3 = i32.const {choose.choice([3, 7, 12])}
  v4 = i32.and v1, v3
  v5 = i32.and v2, v3
  v6 = i32.const {scale}
  v7 = i32.const {other_scale}
  v8 = i32.mul v4, v6
  v9 = i32.mul v5, v7
  v10 = i32.const {choose.randrange(48)}
  v11 = i32.add v8, {choose.choice(["v0", "v10"])}
  v12 = i32.add v9, {choose.choice(["v0", "v10"])}
  v13 = {choose.choice(["i32.load", "i32.load8_u", "i64.load"])} #{choose.randrange(24)} v11
  v14 = {choose.choice(["i32.load", "i32.load16_u"])} #{choose.randrange(24)} v12
  return v14
"""
    function = _function(text)
    body = function.entry.body
    dependence = MemoryDependence(Module(memory=Memory(1, 1)), Addresses(), lambda: value_ranges(function))
    one, other = (dependence.access(value, function.entry) for value in body[-2:])
    if dependence.may_overlap(one.place, other.place):
        return
    mask = body[0].immediate
    assert isinstance(mask, int)
    for base in (0, 64, WORD - 8):
        for first in range(16):
            for second in range(16):
                values = {function.entry.parameters[0]: base, body[1]: first & mask, body[2]: second & mask}
                at = [_value_of(access.place.address, values) for access in (one, other)]
                assert at[0] + one.place.bytes <= at[1] or at[1] + other.place.bytes <= at[0], (at, text)


def _value_of(address: Linear, values: dict[Value, int]) -> int:
    return (sum(values[value] * coefficient for value, coefficient in address.terms) + address.constant) % WORD


def test_different_elements_and_fields_are_apart() -> None:
    function = _function("""b0(v0: i32, v1: i32, v2: i32):
  v3 = i32.const 8
  v4 = i32.mul v1, v3
  v5 = i32.add v0, v4
  v6 = i32.mul v2, v3
  v7 = i32.add v0, v6
  v8 = i32.load #0 v5
  v9 = i32.load #4 v7
  v10 = i32.load #0 v7
  v11 = i32.load #8 v5
  v12 = i32.const 31
  v13 = i32.and v1, v12
  v14 = i32.load #1000 v13
  v15 = i32.const 1035
  v16 = i32.load #0 v15
  v17 = i32.load8_u #1034 v0
  return v16
""")
    dependence = MemoryDependence(Module(), Addresses(), lambda: value_ranges(function))
    loads = {value.id: value for value in function.entry.body if "load" in value.op}
    places = [dependence.access(value, function.entry).place for value in loads.values()]
    field, other_field, same_field, next_element, masked, fixed, anywhere = places
    assert not dependence.may_overlap(field, other_field), "fields of one array's elements"
    assert dependence.may_overlap(field, same_field)
    assert not dependence.may_overlap(field, next_element)
    assert not dependence.may_overlap(masked, fixed), "the first ends before 1000 + 31 + 4"
    assert dependence.may_overlap(fixed, anywhere)


def test_writers_are_those_that_call_writers() -> None:
    module = parse_module("""function writes#0(i32) -> () {
b0(v0: i32):
  i32.store8 #0 v0, v0
  return
}
function reads#1(i32) -> (i32) {
b0(v0: i32):
  v1 = i32.load #0 v0
  return v1
}
function calls_both#2(i32) -> () {
b0(v0: i32):
  v1 = call #1 v0
  v2 = call #0 v0
  return
}
function calls_reader#3(i32) -> () {
b0(v0: i32):
  v1 = call #1 v0
  return
}
function fills#4(i32) -> () {
b0(v0: i32):
  memory.fill v0, v0, v0
  return
}
""")
    assert memory_writers(module) == {0, 2, 4}
