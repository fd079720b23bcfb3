"""`Step`: one instruction of the target machine, from selection to the printed program.

Before register allocation the registers of a step are `VirtualRegister`s, afterwards register names (``"A"``). An
operation that reads fixed registers (``ADD`` reads A and B) carries what it reads as explicit operands together with
the registers they must be in, so that allocation needs no knowledge of single operations and the printer drops them.

    $ => r :ADD            Step(free=DEFINED, destinations=(r,), operations=(binary("ADD", x, y),))
    x - n :JMPN(loop)      Step(terms=(Term(x), Term(n, -1)), operations=(jump("JMPN", "loop"),))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Generic, TypeVar

R = TypeVar("R")
S = TypeVar("S")

NEXT = "next"
"""The jump target that means the following step."""

LIMB = 1 << 32


@dataclass(frozen=True, slots=True)
class VirtualRegister:
    """A value before allocation; assigned by exactly one step, block parameter list or function entry.

    A register with a `constant` (unsigned 64-bit pattern) is assigned nowhere: it may be made anywhere by one step.
    `narrow`: the value is an integer in [0, 2^31) wherever it is alive, and its high limb means nothing or is 0, so
    that a register of one limb can hold it.
    """

    id: int
    constant: int | None = None
    hint: str = ""
    narrow: bool = False

    def __str__(self) -> str:
        return f"#{self.constant}" if self.constant is not None else f"%{self.hint}{self.id}"


@dataclass(frozen=True, slots=True)
class Slot:
    """A memory cell. `area` is ``frame`` (numbered within the function), ``outgoing:f`` (the frame of function f, which
    is called next, numbered within it) or the name of a variable of the program."""

    area: str
    index: int


@dataclass(frozen=True, slots=True)
class Term(Generic[R]):
    """`coefficient * register`, limb by limb in the field; `rotated` swaps the limbs first (only register C can)."""

    register: R
    coefficient: int = 1
    rotated: bool = False


class Defined(Enum):
    """The free input `$`: an operation of the step defines its value."""

    DEFINED = "$"


DEFINED = Defined.DEFINED


@dataclass(frozen=True, slots=True)
class Advice(Generic[R]):
    """The free input `${…}`: the prover may put in anything. `text` names the operands ``{0}``, ``{1}``, …."""

    text: str
    operands: tuple[R, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation(Generic[R]):
    """One operation after the colon.

    `operands[i]` must be in register `fixed[i]`. `results[i]` is put into `fixed_results[i]` by the operation itself
    (what a call gives back); `clobbers` are further registers that it changes. `targets` are labels: the taken and the
    other one.
    """

    name: str
    operands: tuple[R, ...] = ()
    fixed: tuple[str, ...] = ()
    results: tuple[R, ...] = ()
    fixed_results: tuple[str, ...] = ()
    clobbers: tuple[str, ...] = ()
    slot: Slot | None = None
    targets: tuple[str, ...] = ()

    @property
    def computed(self) -> bool:
        """Whether it is a computed jump or call: the first operand, in E, counts from the base label `targets[0]`."""
        return self.name in ("JMP", "CALL") and self.fixed[:1] == ("E",)

    @property
    def late(self) -> frozenset[str]:
        """The registers that are read when the destinations of the step have been assigned: arguments of calls and
        results. What addresses a jump is read before, as are the operands of all other operations."""
        if self.name not in ("JMP", "CALL", "RETURN"):
            return frozenset()
        address = "RR" if self.name == "RETURN" else "E" if self.computed else ""
        return frozenset(self.fixed) - {address}

    @property
    def leaves(self) -> bool:
        """Whether it ends the function: a return, or a jump to another function with its arguments and RR."""
        return self.name == "RETURN" or (self.name == "JMP" and "RR" in self.fixed)


@dataclass(frozen=True, slots=True)
class Step(Generic[R]):
    """`op = Σ terms + constant + free`, `op => destinations`, and operations on the same op.

    `constant` goes to the low limb only; `long_constant` is a 64-bit pattern over both limbs; never both. `offset` is
    the byte offset in the module of the instruction that the step is for, which is no part of what it does.
    """

    terms: tuple[Term[R], ...] = ()
    constant: int = 0
    long_constant: int | None = None
    free: Defined | Advice[R] | None = None
    destinations: tuple[R, ...] = ()
    operations: tuple[Operation[R], ...] = ()
    comment: str = ""
    offset: int | None = field(default=None, compare=False)

    def reads_anywhere(self) -> Iterator[R]:
        """The registers read by the sum or the advice, which may be any; those of rotated terms are fixed."""
        for term in self.terms:
            if not term.rotated:
                yield term.register
        if isinstance(self.free, Advice):
            yield from self.free.operands

    def reads_fixed(self) -> Iterator[tuple[R, str]]:
        """The registers that are read in a fixed place, with the place."""
        for term in self.terms:
            if term.rotated:
                yield term.register, "C"
        for operation in self.operations:
            yield from zip(operation.operands, operation.fixed, strict=True)

    def writes_fixed(self) -> Iterator[tuple[R, str]]:
        """What operations put into fixed registers."""
        for operation in self.operations:
            yield from zip(operation.results, operation.fixed_results, strict=True)

    def clobbers(self) -> set[str]:
        """Registers that operations change without a result."""
        return {name for operation in self.operations for name in operation.clobbers}

    def operation(self, *names: str) -> Operation[R] | None:
        """The first operation with one of the names."""
        return next((operation for operation in self.operations if operation.name in names), None)

    @property
    def memory(self) -> Operation[R] | None:
        """The memory operation, if there is one."""
        return self.operation("MLOAD", "MSTORE")

    @property
    def jump(self) -> Operation[R] | None:
        """The jump, call or return, if there is one."""
        return self.operation(*JUMPS)

    def map(self, read: Callable[[R], S], write: Callable[[R], S]) -> Step[S]:
        """The step with every register that is read or written replaced."""
        free = self.free
        return Step(
            terms=tuple(Term(read(term.register), term.coefficient, term.rotated) for term in self.terms),
            constant=self.constant,
            long_constant=self.long_constant,
            free=Advice(free.text, tuple(map(read, free.operands))) if isinstance(free, Advice) else free,
            destinations=tuple(map(write, self.destinations)),
            operations=tuple(
                Operation(
                    operation.name,
                    tuple(map(read, operation.operands)),
                    operation.fixed,
                    tuple(map(write, operation.results)),
                    operation.fixed_results,
                    operation.clobbers,
                    operation.slot,
                    operation.targets,
                )
                for operation in self.operations
            ),
            comment=self.comment,
            offset=self.offset,
        )

    def retarget(self, rename: Callable[[str], str]) -> Step[R]:
        """The step with every jump target renamed."""
        return replace(
            self,
            operations=tuple(
                replace(operation, targets=tuple(map(rename, operation.targets))) for operation in self.operations
            ),
        )


BINARY = frozenset({"ADD", "SUB", "LT", "SLT", "EQ", "AND", "OR", "XOR"})
CONDITIONAL_JUMPS = frozenset({"JMPN", "JMPZ", "JMPNZ", "JMPC", "JMPNC"})
JUMPS = frozenset({"JMP", "CALL", "RETURN"}) | CONDITIONAL_JUMPS


def binary(name: str, x: R, y: R) -> Operation[R]:
    """A binary operation on x in A and y in B."""
    return Operation(name, (x, y), ("A", "B"))


def arith(a: R, b: R, c: R, d: R) -> Operation[R]:
    """a·b + c = d·2^64 + op."""
    return Operation("ARITH", (a, b, c, d), ("A", "B", "C", "D"))


def jump(name: str, *targets: str) -> Operation[R]:
    """A jump to labels."""
    return Operation(name, targets=targets)


def load(slot: Slot) -> Operation[R]:
    return Operation("MLOAD", slot=slot)


def store(slot: Slot) -> Operation[R]:
    return Operation("MSTORE", slot=slot)


def loaded(register: VirtualRegister, slot: Slot) -> Step[VirtualRegister]:
    """The step that puts the content of a cell into a register."""
    return Step(free=DEFINED, destinations=(register,), operations=(load(slot),))


def constant_register(bits: int) -> VirtualRegister:
    """The one virtual register that stands for a constant."""
    return VirtualRegister(-1, bits)


def using(register: VirtualRegister, operation: Operation[VirtualRegister], comment: str = "") -> Step[VirtualRegister]:
    """The step that puts a register's value, or a constant, into op for an operation."""
    constant = register.constant
    if constant is None:
        return Step(terms=(Term(register),), operations=(operation,), comment=comment)
    if constant < LIMB:
        return Step(constant=constant, operations=(operation,), comment=comment)
    return Step(long_constant=constant, operations=(operation,), comment=comment)
