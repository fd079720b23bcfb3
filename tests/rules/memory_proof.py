"""What the steps that find cells of the linear memory say about their sums, as z3 integers at full width.

The steps are those that `lowering.select` emits, sums over what is below 2^32: the address x, stored values, what a
JMPN proved of advice and, in a memory that grows, the number of words. A sum is a field element, so `= 0` and `in a
range` allow for multiples of p.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import z3

from tests.misaligned import calling
from zkwasm_compiler import wasm
from zkwasm_compiler.driver import legalize_and_clean
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.memory_layout import WORDS, MemoryLayout
from zkwasm_compiler.lowering.conventions import signatures
from zkwasm_compiler.lowering.select import select
from zkwasm_compiler.lowering.symbols import Symbols
from zkwasm_compiler.machine.function import MachineFunction
from zkwasm_compiler.machine.step import Advice, Step, VirtualRegister
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.narrow import narrow
from zkwasm_compiler.wasm.text import wat_to_wasm

P = (1 << 64) - (1 << 32) + 1
WORD = 1 << 32
PAGE_WORDS = 1 << 14


@cache
def selected(
    body: str,
    growing: bool,
    parameters: str = "i32",
    result: str = "(result i32)",
    layout: MemoryLayout = WORDS,
    routine: str = "",
    *,
    calls: bool = False,
) -> MachineFunction[VirtualRegister]:
    """The steps of a function of one address, or of a routine; a memory of one page, or one that grows. `calls`:
    accesses that are not aligned are calls."""
    grow = '(func (export "g") (drop (memory.grow (i32.const 1))))' if growing else ""
    text = f'(module (memory 1) (func (export "f") (param {parameters}) {result} ({body})) {grow})'
    module = translate(wasm.load(wat_to_wasm(text, "steps.wat")))
    module.memory_layout = layout
    context = Context(module)
    ranges = {index: narrow(function, context) for index, function in module.functions.items()}
    with calling(calls):
        legalize_and_clean(module, context, ranges)
    names = {index: f"f{index}" for index in module.functions}
    symbols = Symbols(names, frozenset(), memory_words=0 if growing else PAGE_WORDS, layout=layout)
    index = next(i for i, f in module.functions.items() if f.name == routine) if routine else 0
    return select(module.functions[index], signatures(module), symbols)


class Proof:
    """The steps' sums as z3 integers, and what a path through them says."""

    def __init__(self, function: MachineFunction[VirtualRegister], growing: bool) -> None:
        self.function = function
        self.growing = growing
        self.x, self.words = z3.Ints("x words")
        self.values: dict[VirtualRegister, z3.ArithRef] = {self.function.arguments[0]: self.x}
        self.said: list[z3.BoolRef] = [self.x >= 0, self.x < WORD, self.words >= 0, self.words <= 1 << 30]
        if not growing:
            self.said.append(self.words == PAGE_WORDS)
        self.count = 0
        self.stored: dict[int, z3.ArithRef] = {}

    def fresh(self, low: int, high: int) -> z3.ArithRef:
        """A new integer in [low, high)."""
        self.count += 1
        number = z3.Int(f"n{self.count}")
        self.said += [number >= low, number < high]
        return number

    def value(self, step: Step[VirtualRegister]) -> z3.ArithRef:
        """The low limb of op, unreduced."""
        if isinstance(step.free, Advice):
            assert not step.terms
            return self.fresh(0, P) + step.constant
        bits = next(bits for bits in range(33) if all(abs(multiplied(t.coefficient, bits)) < WORD for t in step.terms))
        total = sum((multiplied(t.coefficient, bits) * self.values[t.register] for t in step.terms), z3.IntVal(0))
        if bits == 0:
            return total + step.constant
        part = self.fresh(0, P)  # 2^bits * part = total, in the field
        self.said.append((1 << bits) * part == total + P * z3.Int(f"part{self.count}"))
        return part + step.constant

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

    def straight(self, steps: Iterable[Step[VirtualRegister]]) -> None:
        """Go through steps that only trap or fail otherwise; notes what is stored into which cell beyond the index."""
        for step in steps:
            if step.memory is not None and step.memory.name == "MSTORE":
                assert step.memory.slot is not None
                number = self.reduced(step, 0, WORD) if step.jump else self.value(step)
                self.stored[step.memory.slot.index] = number
                self.values.update(dict.fromkeys(step.destinations, number))
            else:
                inside = step.jump is not None and len(step.jump.targets) > 1
                self.take(step, inside)

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


def multiplied(coefficient: int, bits: int) -> int:
    """coefficient * 2^bits as the field element nearest to 0."""
    number = (coefficient << bits) % P
    return number if number <= P // 2 else number - P
