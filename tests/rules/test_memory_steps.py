"""Soundness of the steps by which selection finds words of the linear memory: for every advice, at full width.

`memory_proof` makes integers of the steps: the address x, the advised index e and, in a memory that grows, the number
of words.
"""

from __future__ import annotations

import pytest
import z3

from tests.rules.memory_proof import PAGE_WORDS, P, Proof, selected
from zkwasm_compiler.machine.step import Advice, Step, VirtualRegister

OFFSETS = (0, 1, 3, 4, 7, 65530, (1 << 17) - 4, (1 << 32) - 1)
CASES = [(offset, growing) for growing in (False, True) for offset in OFFSETS if growing or offset < 4 * PAGE_WORDS]
"""An offset beyond a memory of fixed size is a trap before any step."""


def _dispatch(offset: int, growing: bool) -> tuple[Proof, list[Step[VirtualRegister]], str]:
    """The proof after the step that bounds the word, the steps that test the rest, and the label of the block."""
    proof = Proof(selected(f"i32.load8_u offset={offset} (local.get 0)", growing), growing)
    entry = proof.function.blocks[0]
    for step in entry.steps[:-1]:
        proof.take(step, False)
    tests = [proof.function.block(f"{entry.label}_r{number}").steps[0] for number in range(4)]
    return proof, tests, entry.label


def _index(proof: Proof) -> z3.ArithRef:
    """The number of the word that the advice names."""
    entry = proof.function.blocks[0]
    (e,) = {register for step in entry.steps for register in step.destinations if step.free is not None} & {
        register for step in entry.steps if isinstance(step.free, Advice) for register in step.destinations
    }
    return proof.values[e] + (0 if proof.growing else PAGE_WORDS)


@pytest.mark.parametrize(("offset", "growing"), CASES)
@pytest.mark.parametrize("rest", range(4))
def test_the_rest_of_an_address_and_its_word_are_what_they_are(offset: int, growing: bool, rest: int) -> None:
    proof, tests, _ = _dispatch(offset, growing)
    proof.take(proof.function.blocks[0].steps[-1], True)
    for test in tests[:rest]:
        proof.take(test, False)
    proof.take(tests[rest], rest < 3)
    address = proof.x + offset
    proof.follows(address % 4 == rest, _index(proof) == address / 4, _index(proof) < proof.words)


@pytest.mark.parametrize(("offset", "growing"), CASES)
def test_only_a_word_outside_traps(offset: int, growing: bool) -> None:
    proof, _, label = _dispatch(offset, growing)
    proof.take(proof.function.blocks[0].steps[-1], False)
    (step,) = proof.function.block(f"{label}_out").steps
    assert step.jump is not None
    assert step.jump.targets == ("fail", "trap_out_of_bounds_memory_access")
    proof.take(step, False)
    assert proof.possible()
    proof.follows(proof.x + offset >= 4 * proof.words)


def test_without_the_last_test_another_word_passes() -> None:
    """The control: were rest 3 not tested, the fourth target would take any earlier word."""
    proof, tests, _ = _dispatch(0, False)
    proof.take(proof.function.blocks[0].steps[-1], True)
    for test in tests[:3]:
        proof.take(test, False)
    with pytest.raises(AssertionError):
        proof.follows(_index(proof) == proof.x / 4)


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("offset", [0, 4, 65528, 65532])
@pytest.mark.parametrize("inside", [True, False])
def test_an_aligned_address(offset: int, growing: bool, inside: bool) -> None:
    body = f"i32.load offset={offset} (i32.and (local.get 0) (i32.const -4))"
    proof = Proof(selected(body, growing), growing)
    steps = [step for step in proof.function.blocks[0].steps if step.memory is None or step.memory.slot is None]
    scaled = next(
        n for n, step in enumerate(steps) if any(term.coefficient % P == pow(4, -1, P) for term in step.terms)
    )
    masked = steps[scaled].terms[0].register
    proof.values[masked] = proof.x
    proof.said.append(proof.x % 4 == 0)
    for step in proof.function.blocks[0].steps:
        if step.memory is not None and step.memory.slot is not None and step.memory.slot.area == "memory_words":
            proof.take(step, False)
    last = next(n for n in range(scaled, len(steps)) if steps[n].jump is not None)
    for step in steps[scaled : last + 1]:
        proof.take(step, inside)
    assert proof.possible()
    index = (proof.x + offset) / 4
    proof.follows((index < proof.words) if inside else (index >= proof.words))
