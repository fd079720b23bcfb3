"""The machine's constraints on the steps of a lowering rule, for concrete operands and concrete advice.

Written from the description of the machine alone: it shares no code with the assembler or the simulator. A word has
`word_bits` bits and the field `modulus` elements, so that the same rules can be tried exhaustively in a small scale
model (words of 4 bits, 241 elements), which has the same algebra: 2^(2w) = 2^w - 1.

An operand is a pair of limbs, each a field element. A run ends with a path: ``fallthrough``, ``then``, ``else``,
``fail`` (the place from which nothing can be proved), ``trap_…``, or ``violated`` when a constraint does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.rules.advice_evaluator import evaluate
from zkwasm_compiler.machine.step import BINARY, NEXT
from zkwasm_compiler.rules.template import OperationTemplate, StepTemplate

Limbs = tuple[int, int]
Operands = dict[str, Limbs]
Advise = Callable[[StepTemplate, Operands], Limbs]

FALLTHROUGH, THEN, ELSE, FAIL, VIOLATED = "fallthrough", "then", "else", "fail", "violated"
RETURNS = {"pow2_32_end": 1, "pow2_64_end": 2, "rpow2_32_end": 1, "rpow2_64_end": 2}
"""The tables of returns with their number of entries in words."""


def returned(table: str, entries: int, index: int) -> int:
    """What the row at `index` (-entries to -1) before the end of a table of powers gives."""
    return 1 << (-index if table.startswith("r") else entries + index)


class ViolationError(Exception):
    """A constraint does not hold."""


class DishonestAdviceError(Exception):
    """The honest prover cannot evaluate an advice: it reads a register that is not normalised."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and what the operands then hold."""

    path: str
    operands: Operands
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """The constraints. `literals` replaces literals of the templates in a scale model."""

    word_bits: int = 32
    modulus: int = (1 << 64) - (1 << 32) + 1
    literals: Mapping[int, int] = field(default_factory=dict)

    def split(self, value: int) -> Limbs:
        """The two limbs of a two-word pattern."""
        word = 1 << self.word_bits
        return value % word, value // word % word

    def run(
        self, steps: Sequence[StepTemplate], operands: Operands, constants: Mapping[str, int], advise: Advise
    ) -> Outcome:
        """Where the steps lead with the advice that `advise` gives."""
        operands = dict(operands)
        try:
            for step in steps:
                target = self._step(step, operands, constants, advise)
                if target != NEXT:
                    return Outcome(target, operands)
        except ViolationError as violation:
            return Outcome(VIOLATED, operands, str(violation))
        return Outcome(FALLTHROUGH, operands)

    def honest(self, constants: Mapping[str, int]) -> Advise:
        """The honest prover. *Raises:* DishonestAdviceError."""

        def advise(step: StepTemplate, operands: Operands) -> Limbs:
            def leaf(name: str) -> int:
                if name.startswith("%"):
                    return constants[name[1:]]
                low, high = operands[name]
                if low >> self.word_bits or high >> self.word_bits:
                    raise DishonestAdviceError(f"{step.text}: {name} is ({low:#x}, {high:#x}), not normalised")
                return low + (high << self.word_bits)

            assert step.advice is not None
            return self.split(evaluate(step.advice, leaf, self.literals))

        return advise

    def _step(self, step: StepTemplate, operands: Operands, constants: Mapping[str, int], advise: Advise) -> str:
        op = self._sum(step, operands, constants)
        result = carry = None
        for operation in step.operations:
            if operation.name in BINARY:
                a, b = (self._normalised(self._read(name, operands, constants)) for name in operation.operands)
                result, carry = self._binary(operation.name, a, b)
        if step.defined:
            if result is None:
                raise ValueError(f"{step.text}: no operation defines $")
            op = self.split(result)
        elif step.advice is not None:
            low, high = advise(step, operands)
            op = (op[0] + low) % self.modulus, (op[1] + high) % self.modulus
        if result is not None and self._normalised(op) != result:
            raise ViolationError(f"{step.text}: op is not {result:#x}")
        for operation in step.operations:
            if operation.name == "ARITH":
                a, b, c, d = (self._normalised(self._read(name, operands, constants)) for name in operation.operands)
                if a * b + c != (d << (2 * self.word_bits)) + self._normalised(op):
                    raise ViolationError(f"{step.text}: the equation does not hold")
            elif operation.name == "ASSERT" and self._read(operation.operands[0], operands, constants) != op:
                raise ViolationError(f"{step.text}: op is not A")
        target = NEXT
        for operation in step.operations:
            if operation.name == "CALL":
                target = self._call(operation, operands)
            elif operation.name not in BINARY | {"ARITH", "ASSERT"}:
                target = self._jump(step, operation, op[0], carry)
        for name in step.destinations:
            operands[name] = op
        return target

    def _sum(self, step: StepTemplate, operands: Operands, constants: Mapping[str, int]) -> Limbs:
        low = high = 0
        if step.long is not None:
            low, high = self.split(constants[step.long])
        for term in step.terms:
            coefficient = -1 if term.negative else 1
            for factor in term.factors:
                coefficient *= self.literals.get(factor, factor) if isinstance(factor, int) else constants[factor]
            limbs = (1, 0) if term.operand is None else self._read(term.operand, operands, constants)
            if term.rotated:
                limbs = limbs[1], limbs[0]
            low, high = low + coefficient * limbs[0], high + coefficient * limbs[1]
        return low % self.modulus, high % self.modulus

    def _read(self, name: str, operands: Operands, constants: Mapping[str, int]) -> Limbs:
        if not name.startswith("#"):
            return operands[name]
        return self.split(int(name[1:]) if name[1:].isdigit() else constants[name[1:]])

    def _normalised(self, limbs: Limbs) -> int:
        low, high = limbs
        if low >> self.word_bits or high >> self.word_bits:
            raise ViolationError(f"({low:#x}, {high:#x}) is not normalised")
        return low + (high << self.word_bits)

    def _binary(self, name: str, a: int, b: int) -> tuple[int, bool]:
        """Result and carry."""
        size = 1 << (2 * self.word_bits)
        if name == "ADD":
            return (a + b) % size, a + b >= size
        if name == "SUB":
            return (a - b) % size, a < b
        if name in ("LT", "SLT", "EQ"):
            top = size // 2 if name == "SLT" else 0
            flag = a == b if name == "EQ" else (a ^ top) < (b ^ top)
            return int(flag), flag
        result = {"AND": a & b, "OR": a | b, "XOR": a ^ b}[name]
        return result, name == "AND" and result != 0

    def _call(self, operation: OperationTemplate, operands: Operands) -> str:
        """A table of returns. An index outside of it would run code that the rule knows nothing about."""
        table = operation.targets[0]
        entries = RETURNS[table] * self.word_bits
        index = operands[operation.operands[0]][0] - self.modulus
        if not -entries <= index <= -1:
            raise ValueError(f"wild jump: CALL({table}) with index {index}")
        value = returned(table, entries, index)
        if value >> (2 * self.word_bits):
            return FAIL  # the row of what is no number of two limbs
        assert operation.result is not None
        operands[operation.result] = self.split(value)
        return NEXT

    def _jump(self, step: StepTemplate, operation: OperationTemplate, low: int, carry: bool | None) -> str:
        match operation.name:
            case "JMP":
                taken = True
            case "JMPN":
                word = 1 << self.word_bits
                if word <= low < self.modulus - word:
                    raise ViolationError(f"{step.text}: {low:#x} is neither a word nor negative")
                taken = low >= word
            case "JMPZ" | "JMPNZ":
                taken = (low == 0) == (operation.name == "JMPZ")
            case "JMPC" | "JMPNC" if carry is not None:
                taken = carry == (operation.name == "JMPC")
            case _:
                raise ValueError(f"{step.text}: no model of {operation.name}")
        return (*operation.targets, NEXT)[0 if taken else 1]
