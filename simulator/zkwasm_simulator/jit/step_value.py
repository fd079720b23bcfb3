"""The value of a step: sums of registers, constants and free inputs, limb by limb, with what is known of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from zkwasm_simulator.decode import DecodedRow
from zkwasm_simulator.field import LIMB_MASK
from zkwasm_simulator.field import ZERO as ZERO_LIMBS
from zkwasm_simulator.jit.advice import free_input
from zkwasm_simulator.jit.encoder import Code, i64, op
from zkwasm_simulator.jit.registers import Registers, variable
from zkwasm_simulator.jit.state import UNKNOWN, VARIABLE_BOUND
from zkwasm_simulator.jit.values import (
    Value,
    canonical,
    constant,
    element_code,
    linear,
    signed_coefficient,
    signed_form,
    single,
)
from zkwasm_simulator.machine import WIDE_REGISTERS


@dataclass(frozen=True, slots=True)
class Helpers:
    """Functions that chunks call; `enter` and `leave` only when runs are profiled."""

    multiply: int
    save: int
    load: int
    host_row: int
    divide: int
    enter: int = -1
    leave: int = -1


class Writer(Protocol):
    """Where the code goes, and what it knows of the place (`flow.ChunkWriter`)."""

    helpers: Helpers
    registers: Registers
    context_is_zero: bool

    def emit(self, code: Code) -> None: ...

    def keep(self, code: Code) -> Code:
        """Put the value of a pure expression into a local, once a block; gives the code that reads it."""

    def share(self, code: Code, values: int = 1) -> list[Code]: ...

    def fresh(self, code: Code) -> Code:
        """As `keep`, for what is not the same each time: what a memory holds."""

    def same(self, code: Code, local: Code) -> None:
        """A pure expression that a local holds already."""

    def leave_if(self, condition: Code) -> None:
        """Leave in front of the row that the block has committed to when the condition holds."""

    def leave(self) -> None: ...

    def commit(self, row: int) -> None:
        """What the rows before `row` have done is done: there the block can be left from now on."""

    def flag(self, cell: Code) -> None:
        """Note that a cell was written; `cell` is its number, an i32."""

    def step(self, row: int) -> Code: ...


def _joined(low: Code, high: Code) -> Code:
    return high + i64(32) + op("i64.shl") + low + op("i64.or")


class StepValue(ABC):
    """What a row computes before anything is done with it; the parts that give a `$` its value are `operations`'."""

    def __init__(self, writer: Writer, row: DecodedRow, skip_address_check: bool) -> None:
        self.writer = writer
        self.row = row
        self.skip_address_check = skip_address_check
        self.keep = writer.keep
        self.share = writer.share
        self._limbs: dict[int, Value] = {}
        self._free: tuple[Value, Value] | None = None
        self._address: Value | None = None
        self._cell: tuple[Value, Value] | None = None
        self._binary: tuple[Value, Value] | None = None
        self._aligned: tuple[Value, Value] | None = None
        self._bits: Code | None = None
        self._singles: Value | None = None
        self._result: Code = b""
        self._place_of_store: tuple[Code, Code] = b"", b""
        self._hashed: tuple[Code, Code, Code] = b"", b"", b""

    def refuse(self, condition: Code) -> None:
        self.writer.leave_if(condition)

    def register(self, name: str) -> Value:
        return self.writer.registers.read(name)

    def step(self) -> Code:
        return self.writer.step(self.row.index)

    def variable(self, name: str) -> Value:
        value = self.register(variable(name))
        if value.low == UNKNOWN:
            self.refuse(value.code + i64(UNKNOWN) + op("i64.eq"))
            value.narrow(-VARIABLE_BOUND, VARIABLE_BOUND)
        return value

    @property
    def division(self) -> int:
        return self.writer.helpers.divide

    def normalise(self, *limbs: Value) -> None:
        """Refuse limbs that are not of 32 bits."""
        unknown = [limb for limb in limbs if not limb.normalised]
        if not unknown:
            return
        joined = unknown[0].code + b"".join(limb.code + op("i64.or") for limb in unknown[1:])
        self.refuse(joined + i64(32) + op("i64.shr_u") + op("i32.wrap_i64"))
        for limb in unknown:
            limb.narrow(0, LIMB_MASK)

    def value(self, limb: int) -> Value:
        """A limb of the step's value."""
        if limb not in self._limbs:
            self._limbs[limb] = self._sum(limb)
        return self._limbs[limb]

    def _sum(self, limb: int) -> Value:
        row = self.row
        terms = [
            (signed_coefficient(coefficient), value)
            for source, coefficient in row.terms
            if (value := self.source(source, limb)) is not None
        ]
        if row.free:
            terms.append((signed_coefficient(row.free), self.free()[limb]))
        fixed = signed_coefficient(row.constant[limb])
        if not terms:
            return constant(fixed)
        if fixed:
            terms.append((1, constant(fixed)))
        elif len(terms) == 1 and terms[0][0] == 1:
            return terms[0][1]
        return linear(terms, self.keep, self.writer.helpers.multiply)

    def sign_is_known(self, low: int, high: int) -> None:
        """The low limb of the step's value, a field element, is within these bounds as a number with a sign."""
        limb = self.value(0)
        number = signed_form(limb, self.keep)
        self.writer.same(element_code(number.code), limb.code)
        number.narrow(low, high)
        self._limbs[0] = number

    def source(self, name: str, limb: int) -> Value | None:
        if name in WIDE_REGISTERS:
            return self.register(f"{name}{limb}")
        if name == "ROTL_C":
            return self.register(f"C{1 - limb}")
        if limb == 1:
            return None
        if name == "STEP":
            return Value(self.keep(self.step()), 0, 1 << 48)
        return self.register(name)

    def single_value(self) -> Value:
        """The step's value as what a one-limb register holds."""
        if self._singles is None:
            self._singles, outside = single(self.value(0), self.keep)
            if outside is not None:
                self.refuse(outside)
        return self._singles

    def free(self) -> tuple[Value, Value]:
        if self._free is None:
            self._free = self._free_limbs()
        return self._free

    def _free_limbs(self) -> tuple[Value, Value]:
        row = self.row
        if row.advice is not None:
            return free_input(row.advice, self)
        (giver,) = row.givers
        if giver == "MLOAD":
            return self.cell()
        return self.aligned() if giver == "MEM_ALIGN_RD" else self.binary()

    def given_is_value(self, operation: str) -> bool:
        """Is the step's value exactly what `operation` gives, so that there is nothing to compare?"""
        row = self.row
        plain = row.free == 1 and not row.terms and row.constant == ZERO_LIMBS
        return plain and row.advice is None and row.givers == (operation,)

    def pair(self, low: Value, high: Value) -> Value:
        """Two limbs as a 64-bit number."""
        self.normalise(low, high)
        if high.low == high.high == 0:
            return low
        if low.low == low.high and high.low == high.high:
            return constant(low.low | high.low << 32)
        return Value(self.keep(_joined(low.code, high.code)), 0, high.high << 32 | LIMB_MASK)

    def word(self, name: str) -> Value:
        return self.pair(self.register(f"{name}0"), self.register(f"{name}1"))

    def value_word(self) -> Value:
        return self.pair(self.value(0), self.value(1))

    def equal_words(self, pairs: list[tuple[Code, Code]]) -> None:
        """Refuse words that are not equal."""
        self._refuse_any([a + b + op("i64.ne") for a, b in pairs if a != b])

    def equal_limbs(self, pairs: list[tuple[Value, Value]]) -> None:
        """Refuse limbs that are not equal in the field."""
        conditions = [
            a.code + b.code + op("i64.ne")
            for a, b in ((canonical(x, self.keep), canonical(y, self.keep)) for x, y in pairs)
            if a.code != b.code
        ]
        self._refuse_any(conditions)

    def _refuse_any(self, conditions: list[Code]) -> None:
        if conditions:
            self.refuse(conditions[0] + b"".join(condition + op("i32.or") for condition in conditions[1:]))

    def split(self, word: Code) -> tuple[Value, Value]:
        low = self.keep(word + i64(LIMB_MASK) + op("i64.and"))
        high = self.keep(word + i64(32) + op("i64.shr_u"))
        self.writer.same(_joined(low, high), word)
        return Value(low, 0, LIMB_MASK), Value(high, 0, LIMB_MASK)

    @abstractmethod
    def cell(self) -> tuple[Value, Value]:
        """What the cell of the row's memory access holds."""

    @abstractmethod
    def binary(self) -> tuple[Value, Value]:
        """The limbs of the result of the binary operation."""

    @abstractmethod
    def aligned(self) -> tuple[Value, Value]:
        """The limbs of what MEM_ALIGN_RD reads."""
