"""Soundness of the steps that work on bytes, one a cell: for every advice and every address, at full width."""

from __future__ import annotations

import pytest
import z3

from tests.rules.memory_proof import PAGE_WORDS, WORD, Proof, selected
from zkwasm_compiler.ir.memory_layout import BYTES
from zkwasm_compiler.machine.step import Advice, Step, VirtualRegister

PAGE = 4 * PAGE_WORDS
STORES = {
    "i32.store": ("(local.get 1)", WORD, 4),
    "i32.store ": ("(i32.and (local.get 1) (i32.const 0xffffff))", 1 << 24, 4),
    "i32.store  ": ("(i32.and (local.get 1) (i32.const 0xffff))", 1 << 16, 4),
    "i64.store32": ("(local.get 1)", WORD, 4),
    "i32.store16": ("(local.get 1)", WORD, 2),
    "i32.store16 ": ("(i32.and (local.get 1) (i32.const 0xffff))", 1 << 16, 2),
}
"""A stored value, how large it may be, and its bytes."""


def _store(op: str, growing: bool = False) -> tuple[Proof, list[Step[VirtualRegister]], z3.ArithRef]:
    """The proof behind the check of the address, the steps that store, and the stored number."""
    stored, limit, _ = STORES[op]
    function = selected(f"{op} offset=8 (local.get 0) {stored}", growing, f"i32 {op[:3]}", "", BYTES)
    proof = Proof(function, growing)
    steps = function.blocks[0].steps[:-1]
    first = next(n for n, step in enumerate(steps) if step.memory is not None and step.memory.name == "MSTORE")
    checks = [step for step in steps[:first] if step.jump is not None or (step.memory and step.memory.slot)]
    proof.straight(checks)
    advice = steps[first].free
    assert isinstance(advice, Advice)
    number = proof.fresh(0, limit)
    proof.values[advice.operands[0]] = number
    return proof, steps[first:], number


@pytest.mark.parametrize("op", STORES)
def test_a_store_splits_a_number_into_its_bytes(op: str) -> None:
    proof, steps, number = _store(op)
    proof.straight(steps)
    assert proof.possible()
    cells = [proof.stored[slot] for slot in sorted(proof.stored)]
    assert len(cells) == STORES[op][2]
    assert max(proof.stored) == PAGE  # the index is the last byte's, less the bytes of the memory
    proof.follows(*(cell == number / (1 << 8 * place) % 256 for place, cell in enumerate(cells)))


@pytest.mark.parametrize("op", STORES)
def test_a_store_needs_each_of_its_tests(op: str) -> None:
    """The controls: without the test of a byte it may be another number."""
    _, steps, _ = _store(op)
    tests = [n for n, step in enumerate(steps) if step.jump is not None and step.memory is None]
    assert tests
    for left_out in tests:
        proof, steps, number = _store(op)
        proof.straight(steps[:left_out] + steps[left_out + 1 :])
        cells = [proof.stored[slot] for slot in sorted(proof.stored)]
        with pytest.raises(AssertionError):
            proof.follows(*(cell == number / (1 << 8 * place) % 256 for place, cell in enumerate(cells)))


@pytest.mark.parametrize("op", STORES)
@pytest.mark.parametrize("value", [0, 1, 255, 256, 0xFFFF, 0x10000, 0xFFFFFF, 0x1000000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_every_number_can_be_stored(op: str, value: int) -> None:
    proof, steps, number = _store(op)
    proof.straight(steps)
    proof.said.append(number == value)
    assert proof.possible() is (value < STORES[op][1])


OFFSETS = (0, 1, 65530, 65532, 65533, (1 << 17) - 4, BYTES.maximum_pages * 65536 - 4)


def _load(offset: int, growing: bool) -> tuple[Proof, Step[VirtualRegister], z3.ArithRef]:
    """A proof that comes to the last test of the address of a load of four bytes, that test, and the last address."""
    proof = Proof(selected(f"i32.load offset={offset} (local.get 0)", growing, layout=BYTES), growing)
    proof.said.append(proof.words >= PAGE_WORDS)
    steps = list(proof.function.steps())
    tests = [n for n, step in enumerate(steps) if step.jump is not None and step.jump.name == "JMPN"]
    assert len(tests) == (2 if growing and offset + 3 > PAGE else 1)
    for step in steps[: tests[-1]]:
        if step.jump is None or step.jump.name == "JMPN":
            proof.take(step, True)
    return proof, steps[tests[-1]], proof.x + offset + 3


BOUNDS = [(offset, growing) for growing in (False, True) for offset in OFFSETS if growing or offset + 4 <= PAGE]


@pytest.mark.parametrize(("offset", "growing"), BOUNDS)
@pytest.mark.parametrize("inside", [True, False])
def test_an_access_traps_exactly_outside(offset: int, growing: bool, inside: bool) -> None:
    proof, test, last = _load(offset, growing)
    proof.take(test, inside)
    assert proof.possible()
    proof.follows(last < 4 * proof.words if inside else last >= 4 * proof.words)


@pytest.mark.parametrize("offset", [offset for offset in OFFSETS if offset + 3 > PAGE])
def test_an_address_beyond_32_bits_is_outside(offset: int) -> None:
    """Before a distance from an address that may be beyond the memory, the address is compared with what is left."""
    proof = Proof(selected(f"i32.load offset={offset} (local.get 0)", True, layout=BYTES), True)
    proof.take(next(step for step in proof.function.steps() if step.jump is not None), False)
    proof.follows(proof.x + offset + 3 >= WORD)


@pytest.mark.parametrize(("offset", "growing"), BOUNDS)
def test_every_address_passes_or_traps(offset: int, growing: bool) -> None:
    """The number that is tested is in the range of a JMPN, whatever the address is."""
    proof, _, last = _load(offset, growing)
    number = last - 4 * proof.words
    proof.follows(number >= -WORD, number < WORD)
