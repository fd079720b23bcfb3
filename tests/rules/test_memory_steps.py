"""Soundness of the steps by which selection finds words of the linear memory: for every advice, at full width.

The steps are taken from what `lowering.select` emits, as sums over the address x, the advised index e and, in a memory
that grows, the number of words. All three are integers below 2^32 (e is what a JMPN proved of it); a sum is a field
element, so `= 0` and `in a range` allow for multiples of p.
"""

from __future__ import annotations

from functools import cache

import pytest
import z3

from zkwasm_compiler import wasm
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.lowering.conventions import signatures
from zkwasm_compiler.lowering.legalize import legalize_module
from zkwasm_compiler.lowering.select import Symbols, select
from zkwasm_compiler.machine.function import MachineFunction
from zkwasm_compiler.machine.step import Advice, Step, VirtualRegister
from zkwasm_compiler.wasm.text import wat_to_wasm

P = (1 << 64) - (1 << 32) + 1
WORD = 1 << 32
OFFSETS = (0, 1, 3, 4, 7, 65530, (1 << 17) - 4, (1 << 32) - 1)
WORDS = 1 << 14
CASES = [(offset, growing) for growing in (False, True) for offset in OFFSETS if growing or offset < 4 * WORDS]
"""An offset beyond a memory of fixed size is a trap before any step."""


@cache
def _function(body: str, growing: bool) -> MachineFunction[VirtualRegister]:
    """The steps of a function of one address; a memory of one page, or one that grows."""
    grow = '(func (export "g") (drop (memory.grow (i32.const 1))))' if growing else ""
    text = f'(module (memory 1) (func (export "f") (param i32) (result i32) ({body})) {grow})'
    module = translate(wasm.load(wat_to_wasm(text, "steps.wat")))
    legalize_module(module)
    names = {index: f"f{index}" for index in module.functions}
    symbols = Symbols(names, frozenset(), memory_words=0 if growing else WORDS)
    return select(module.functions[0], signatures(module), symbols)


class Proof:
    """The steps' sums as z3 integers, and what a path through them says."""

    def __init__(self, body: str, growing: bool) -> None:
        self.function = _function(body, growing)
        self.growing = growing
        self.x, self.words = z3.Ints("x words")
        self.values: dict[VirtualRegister, z3.ArithRef] = {self.function.arguments[0]: self.x}
        self.said: list[z3.BoolRef] = [self.x >= 0, self.x < WORD, self.words >= 0, self.words <= 1 << 30]
        if not growing:
            self.said.append(self.words == WORDS)
        self.count = 0

    def fresh(self, low: int, high: int) -> z3.ArithRef:
        """A new integer in [low, high)."""
        self.count += 1
        number = z3.Int(f"n{self.count}")
        self.said += [number >= low, number < high]
        return number

    def value(self, step: Step[VirtualRegister]) -> z3.ArithRef:
        """The low limb of op, unreduced."""
        total: z3.ArithRef = z3.IntVal(step.constant)
        for term in step.terms:
            coefficient = term.coefficient
            if coefficient % P == pow(4, -1, P):  # a quarter: 4 * value = number, in the field
                quarter = self.fresh(0, P)
                self.said.append(4 * quarter == self.values[term.register] + P * self.fresh(-2, 4))
                total += quarter
            else:
                total += coefficient * self.values[term.register]
        if isinstance(step.free, Advice):
            total += self.fresh(0, P)
        return total

    def reduced(self, step: Step[VirtualRegister], low: int, high: int) -> z3.ArithRef:
        """op as the one field element in [low, high) that it must be."""
        number = self.fresh(low, high)
        self.said.append(self.value(step) == number + P * z3.Int(f"multiple{self.count}"))
        return number

    def take(self, step: Step[VirtualRegister], taken: bool) -> None:
        """Go on with the jump of the step taken or not."""
        name = step.jump.name if step.jump else ""
        if step.memory is not None:
            self.values[step.destinations[0]] = self.words
        elif name == "JMPN":
            number = self.reduced(step, -WORD, 0) if taken else self.reduced(step, 0, WORD)
            for register in step.destinations:
                self.values[register] = number
        elif name in ("JMPZ", "JMPNZ"):
            if taken is (name == "JMPZ"):
                self.reduced(step, 0, 1)
            else:
                self.reduced(step, 1, P)
        else:
            for register in step.destinations:
                self.values[register] = self.value(step)

    def follows(self, *claims: z3.BoolRef) -> None:
        """Everything that was said implies each claim, and is possible."""
        solver = z3.Solver()
        solver.set("timeout", 60_000)
        solver.add(*self.said)
        for claim in claims:
            solver.push()
            solver.add(z3.Not(claim))
            assert solver.check() == z3.unsat, solver.model() if solver.check() == z3.sat else "no answer"
            solver.pop()

    def possible(self) -> bool:
        solver = z3.Solver()
        solver.set("timeout", 60_000)
        solver.add(*self.said)
        return bool(solver.check() == z3.sat)


def _dispatch(offset: int, growing: bool) -> tuple[Proof, list[Step[VirtualRegister]], str]:
    """The proof after the step that bounds the word, the steps that test the rest, and the label of the block."""
    proof = Proof(f"i32.load8_u offset={offset} (local.get 0)", growing)
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
    return proof.values[e] + (0 if proof.growing else WORDS)


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
    proof = Proof(f"i32.load offset={offset} (i32.and (local.get 0) (i32.const -4))", growing)
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
