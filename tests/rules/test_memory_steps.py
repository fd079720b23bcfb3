"""Soundness of the steps by which selection finds words of the linear memory: for every advice, at full width.

`memory_proof` makes integers of the steps: the address x, the advised index e and, in a memory that grows, the number
of words.
"""

from __future__ import annotations

import pytest
import z3

from tests.rules.memory_proof import PAGE_WORDS, WORD, P, Proof, multiplied, selected
from zkwasm_compiler.machine.function import MachineBlock
from zkwasm_compiler.machine.step import Advice, Slot, Step, VirtualRegister

OFFSETS = (0, 1, 3, 4, 7, 65530, (1 << 17) - 4, (1 << 32) - 1)
CASES = [(offset, growing) for growing in (False, True) for offset in OFFSETS if growing or offset < 4 * PAGE_WORDS]
"""An offset beyond a memory of fixed size is a trap before any step."""
WORD_CASES = [case for case in CASES if case[0] + 4 <= WORD]


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
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(
    ("op", "rest", "following"), [*(("i32", r, 1) for r in (1, 2, 3)), ("i64", 0, 1), ("i64", 3, 2)]
)
def test_an_access_that_goes_on_into_the_next_word(
    op: str, rest: int, following: int, inside: bool, growing: bool
) -> None:
    """The last of its words is inside where no trap is due, and outside where one is, which is then certain."""
    load = "i32.load (local.get 0)" if op == "i32" else "i32.wrap_i64 (i64.load (local.get 0))"
    proof = Proof(selected(load, growing), growing)
    entry = proof.function.blocks[0]
    for step in entry.steps:
        proof.take(step, step is entry.steps[-1])
    tests = [proof.function.block(f"{entry.label}_r{number}") for number in range(rest + 1)]
    for test in tests[:rest]:
        proof.take(test.steps[0], False)
    proof.take(tests[rest].steps[0], rest < 3)
    arm = proof.function.block(tests[rest].edges[0].label)
    last = next(number for number, step in enumerate(arm.steps) if step.jump is not None)
    assert arm.steps[last].jump.targets == ("next", "trap_out_of_bounds_memory_access")  # type: ignore[union-attr]
    for step in arm.steps[: last + 1]:
        proof.take(step, inside and step is arm.steps[last])
    assert proof.possible()
    word = proof.x / 4 + following
    proof.follows((word < proof.words) if inside else (word >= proof.words))


def _whole(proof: Proof) -> tuple[list[Step[VirtualRegister]], MachineBlock[VirtualRegister]]:
    """The steps to the test whether an address is aligned, the test being the last, and the block where it is not."""
    entry = proof.function.blocks[0]
    for step in entry.steps[:-1]:
        proof.take(step, False)
    (test,) = proof.function.block(f"{entry.label}_r0").steps
    assert test.jump is not None
    return [entry.steps[-1], test], proof.function.block(test.jump.targets[1])


@pytest.mark.parametrize(("offset", "growing"), WORD_CASES)
@pytest.mark.parametrize("load", ["i32.load", "i64.load32_s"])
def test_what_a_call_for_an_address_that_is_not_aligned_is_given(load: str, offset: int, growing: bool) -> None:
    """The word, and one less than the rest, which is 1, 2 or 3; before anything traps."""
    result = f"(result {load[:3]})"
    proof = Proof(selected(f"{load} offset={offset} (local.get 0)", growing, result=result, calls=True), growing)
    (inside, test), arm = _whole(proof)
    proof.take(inside, True)
    proof.take(test, False)
    for step, taken in zip(arm.steps[:2], (False, True), strict=True):
        assert step.jump is not None
        assert step.jump.targets[-1] == "fail"
        proof.take(step, taken)
    (misalignment,) = arm.steps[0].destinations
    address, index = proof.x + offset, _index(proof)
    assert proof.possible()
    proof.follows(proof.values[misalignment] == address % 4 - 1, address % 4 != 0, index == address / 4)
    proof.follows(index < proof.words)


@pytest.mark.parametrize(("offset", "growing"), WORD_CASES)
def test_an_address_that_is_taken_to_be_aligned_is(offset: int, growing: bool) -> None:
    proof = Proof(selected(f"i32.load offset={offset} (local.get 0)", growing, calls=True), growing)
    (inside, test), _ = _whole(proof)
    proof.take(inside, True)
    proof.take(test, True)
    proof.follows(proof.x + offset == 4 * _index(proof), _index(proof) < proof.words)


def test_without_the_upper_test_an_earlier_word_passes() -> None:
    """The control: were the rest not tested to be below 4, the call could be given any earlier word."""
    proof = Proof(selected("i32.load (local.get 0)", False, calls=True), False)
    (inside, test), arm = _whole(proof)
    proof.take(inside, True)
    proof.take(test, False)
    proof.take(arm.steps[0], False)
    with pytest.raises(AssertionError):
        proof.follows(_index(proof) == proof.x / 4)


def _scaled(proof: Proof) -> list[Step[VirtualRegister]]:
    """The step of the first block that scales an address."""
    return [
        step
        for step in proof.function.blocks[0].steps
        if any(abs(term.coefficient) > WORD for term in step.terms) and step.free is None
    ]


def _take_bounds(proof: Proof, inside: bool) -> VirtualRegister:
    """Take the steps from the scaling one to its test, and what reads the number of words; gives the index."""
    (scaled,) = _scaled(proof)
    steps = proof.function.blocks[0].steps
    start = steps.index(scaled)
    for step in steps[:start]:
        if step.memory is not None and step.memory.slot is not None and step.memory.slot.area == "memory_words":
            proof.take(step, False)
    last = next(n for n in range(start, len(steps)) if steps[n].jump is not None)
    for step in steps[start : last + 1]:
        proof.take(step, inside)
    return scaled.destinations[0]


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("offset", [0, 4, 65528, 65532])
@pytest.mark.parametrize("inside", [True, False])
def test_an_aligned_address(offset: int, growing: bool, inside: bool) -> None:
    proof = Proof(selected(f"i32.load offset={offset} (i32.and (local.get 0) (i32.const -4))", growing), growing)
    (scaled,) = _scaled(proof)
    proof.values[scaled.terms[0].register] = proof.x
    proof.said.append(proof.x % 4 == 0)
    _take_bounds(proof, inside)
    assert proof.possible()
    index = (proof.x + offset) / 4
    proof.follows((index < proof.words) if inside else (index >= proof.words))


SUM = "(i32.add (i32.and (local.get 0) (i32.const -4)) (i32.shl (i32.shr_u (local.get 1) (i32.const 1)) (i32.const 2)))"


def _sum(offset: int, growing: bool, inside: bool) -> tuple[Proof, z3.ArithRef, VirtualRegister]:
    """An element, in the lower half of all, of an array that begins anywhere: the sum that is not reduced."""
    proof = Proof(selected(f"i32.load offset={offset} {SUM}", growing, "i32 i32"), growing)
    (scaled,) = _scaled(proof)
    start, element = (term.register for term in scaled.terms)
    assert [multiplied(term.coefficient, 2) for term in scaled.terms] == [1, 4]
    number = proof.fresh(0, 1 << 31)
    proof.values |= {start: proof.x, element: number}
    proof.said.append(proof.x % 4 == 0)
    index = _take_bounds(proof, inside)
    return proof, proof.x + 4 * number + offset, index


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("offset", [0, 4, 65532])
def test_a_sum_that_is_not_reduced(offset: int, growing: bool) -> None:
    """What is inside did not wrap, and its index is that of the address."""
    proof, address, index = _sum(offset, growing, True)
    assert proof.possible()
    word = proof.fresh(0, P)
    proof.said.append(proof.values[index] + (0 if growing else PAGE_WORDS) == word + P * z3.Int("reductions"))
    proof.follows(address < WORD, word == address / 4, word >= 0, word < proof.words)
    proof, address, index = _sum(offset, growing, False)
    assert proof.possible()
    proof.follows(address / 4 >= proof.words)


def test_every_sum_passes_one_of_the_tests() -> None:
    """Completeness: a sum is never beyond what JMPN can be asked about."""
    proof, address, _ = _sum(65532, True, False)
    x, number = proof.x, (address - proof.x - 65532) / 4
    for largest in ((WORD - 4, (1 << 31) - 1), (65536, (1 << 31) - 1), (WORD - 4, 0)):
        solver = z3.Solver()
        solver.add(*proof.said, proof.words == PAGE_WORDS, x == largest[0], number == largest[1])
        assert solver.check() == z3.sat, largest


def test_a_sum_that_could_be_too_large_is_reduced() -> None:
    body = f"i32.load {SUM.replace('(i32.shr_u (local.get 1) (i32.const 1))', '(local.get 1)')}"
    function = selected(body, False, "i32 i32")
    trap = "trap_out_of_bounds_memory_access"
    (check,) = (step for step in function.blocks[0].steps if step.jump is not None and trap in step.jump.targets)
    assert len(check.terms) == 1


def _aligned(offset: int, growing: bool) -> tuple[Proof, Step[VirtualRegister]]:
    """The steps that find the word at x + offset and test that 4 divides it; the proof after all but the last."""
    body = f"i32.add (i32.load offset={offset} (local.get 0)) (i32.load offset={offset - 4} (local.get 0))"
    proof = Proof(selected(body, growing), growing)
    entry = proof.function.blocks[0]
    for step in entry.steps[:-1]:
        proof.take(step, False)
    proof.take(entry.steps[-1], True)
    (rest,) = proof.function.block(f"{entry.label}_rest").steps
    return proof, rest


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("offset", [4, 7, 65532])
def test_an_address_is_aligned_where_the_test_says_so(offset: int, growing: bool) -> None:
    """Whatever word the prover names. The other way needs no proof: it is right for every address."""
    proof, rest = _aligned(offset, growing)
    assert rest.jump is not None
    assert rest.jump.name == "JMPZ"
    proof.take(rest, True)
    assert proof.possible()
    proof.follows((proof.x + offset) % 4 == 0, _index(proof) == (proof.x + offset) / 4, _index(proof) < proof.words)


def test_without_the_test_of_the_rest_another_word_passes() -> None:
    proof, _ = _aligned(4, False)
    with pytest.raises(AssertionError):
        proof.follows(_index(proof) == (proof.x + 4) / 4)


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("outside", [None, 0, 1, 2])
def test_many_bytes(growing: bool, outside: int | None) -> None:
    """The checks of memory.copy: the count, the destination, the source. Each can be made and is right."""
    body = "block (result i32) (memory.copy (local.get 0) (local.get 0) (local.get 0)) (i32.const 1)"
    function = selected(body, growing, routine="memory.copy")
    proof = Proof(selected("i32.load8_u (local.get 0)", growing), growing)
    to, from_, count = (proof.fresh(0, WORD) for _ in range(3))
    proof.values = dict(zip(function.arguments, (to, from_, count), strict=True))
    proof.said.append(count > 0)
    steps = [step for block in function.blocks for step in block.steps]
    loads = [step.destinations[0] for step in steps if step.memory and step.memory.slot == Slot("memory_words", 0)]
    proof.values |= dict.fromkeys(loads, proof.words)
    trap = ("trap_out_of_bounds_memory_access",)
    traps = [(b.label,) for b in function.blocks if b.steps[0].jump is not None and b.steps[0].jump.targets == trap]
    checks = [step for step in steps if step.jump is not None and step.jump.targets[:1] in traps]
    ends = (count, to + count, from_ + count)
    for number, step in enumerate(checks[:3]):
        number_of_step = proof.value(step)
        proof.follows(number_of_step >= -WORD, number_of_step < WORD)
        proof.take(step, number == outside)
        assert proof.possible()
        size = 4 * proof.words
        proof.follows(ends[number] > size if number == outside else ends[number] <= size)
        if number == outside:
            return
