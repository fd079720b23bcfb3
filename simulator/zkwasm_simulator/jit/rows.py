"""One row as WebAssembly: first everything that can fail, then the assignments.

The order matters: where a check fails the code leaves the block in front of the row (`Exit.REFUSED`), with the state as
the rows before have left it, and the reference interpreter executes the row, mostly to say what is wrong with it. The
jump is `flow`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from zkwasm_simulator.decode import CONTEXT_STRIDE, Address, DecodedRow
from zkwasm_simulator.field import LIMB_MASK
from zkwasm_simulator.field import ZERO as ZERO_LIMBS
from zkwasm_simulator.jit.advice import free_input
from zkwasm_simulator.jit.encoder import (
    END,
    IF,
    Code,
    access,
    call,
    get,
    global_get,
    i32,
    i64,
    op,
    put,
)
from zkwasm_simulator.jit.registers import Registers
from zkwasm_simulator.jit.state import CELL_BYTES, CELL_MEMORY, CELLS, LEAST_CELLS, WRITTEN_MEMORY
from zkwasm_simulator.jit.values import (
    ZERO,
    Value,
    canonical,
    constant,
    element,
    linear,
    signed_coefficient,
    signed_form,
    single,
)
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS

ADDRESS_LOCAL, POINTER_LOCAL = 3, 4
"""i32 locals: the cell of the row's memory access, and its place in memory 1."""

_CONTEXT_SHIFT = CONTEXT_STRIDE.bit_length() - 1
_COMPARISONS = {"LT": "i64.lt_u", "SLT": "i64.lt_s"}
_BITWISE = {"AND": "and", "OR": "or", "XOR": "xor"}


@dataclass(frozen=True, slots=True)
class Helpers:
    """Functions that chunks call; `enter` and `leave` only when runs are profiled."""

    multiply: int
    reserve: int
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

    def emit(self, code: Code) -> None: ...

    def keep(self, code: Code) -> Code: ...

    def share(self, code: Code, values: int = 1) -> list[Code]: ...

    def leave_if(self, condition: Code, row: int, depth: int = 0) -> None:
        """Leave in front of `row` when the condition holds; `depth` is that of the place in its block."""

    def leave(self, row: int) -> None: ...

    def step(self, row: int) -> Code: ...


class RowCode:
    """Writes what one row computes, checks and assigns."""

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

    # What advice needs to know (advice.Place)

    def refuse(self, condition: Code) -> None:
        self.writer.leave_if(condition, self.row.index)

    def register(self, name: str) -> Value:
        return self.writer.registers.read(name)

    def step(self) -> Code:
        return self.writer.step(self.row.index)

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

    # The two halves

    def check(self) -> None:
        """Compute the row and refuse what the machine refuses."""
        row = self.row
        if row.address is not None:
            self.address()
        if row.free:
            self.free()
        if row.assertion:
            self.assertion()
        if row.memory == "read" and not self.given_is_value("MLOAD"):
            self.memory_read()
        if row.arith:
            self.arith()
        if row.binary is not None and not self.given_is_value(row.binary):
            self.equal_words(self.value_word(), self.pair(*self.binary()))
        if row.mem_align is not None:
            self.mem_align()
        if any(name in SINGLE_REGISTERS for name in row.destinations):
            self.single_value()
        if row.memory == "write":
            self._place_of_store = self.cell_place()

    def assign(self) -> None:
        """Put everything where it belongs."""
        row, registers = self.row, self.writer.registers
        repeats = registers.read("RCX") if row.repeat else ZERO
        limbs: list[Value] = []
        if row.memory == "write" or any(name in WIDE_REGISTERS for name in row.destinations):
            limbs = [canonical(self.value(limb), self.keep) for limb in (0, 1)]
        if row.memory == "write":
            self.store(limbs)
        for name in row.destinations:
            if name in WIDE_REGISTERS:
                for limb, value in enumerate(limbs):
                    registers.write(f"{name}{limb}", value)
            else:
                registers.write(name, self.single_value())
        if row.stack_increment and "SP" not in row.destinations:
            registers.write("SP", self.moved(registers.read("SP"), row.stack_increment))
        if row.jump.kind == "CALL" and "RR" not in row.destinations:
            registers.write("RR", constant(row.index + 1))
        if row.repeat and "RCX" not in row.destinations:
            again = repeats.code + op("i64.eqz") + op("i32.eqz") + op("i64.extend_i32_u")
            registers.write(
                "RCX", Value(self.keep(repeats.code + again + op("i64.sub")), repeats.low - 1, repeats.high)
            )

    def moved(self, pointer: Value, distance: int) -> Value:
        code = self.keep(pointer.code + i64(distance) + op("i64.add"))
        return Value(code, pointer.low + distance, pointer.high + distance)

    # The step's value

    def value(self, limb: int) -> Value:
        """A limb of the step's value."""
        if limb not in self._limbs:
            row = self.row
            terms = [
                (signed_coefficient(coefficient), value)
                for source, coefficient in row.terms
                if (value := self.source(source, limb)) is not None
            ]
            if row.free:
                terms.append((signed_coefficient(row.free), self.free()[limb]))
            if row.constant[limb]:
                terms.append((1, constant(signed_coefficient(row.constant[limb]))))
            self._limbs[limb] = linear(terms, self.keep, self.writer.helpers.multiply)
        return self._limbs[limb]

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
        code = self.keep(high.code + i64(32) + op("i64.shl") + low.code + op("i64.or"))
        return Value(code, 0, high.high << 32 | LIMB_MASK)

    def word(self, name: str) -> Value:
        return self.pair(self.register(f"{name}0"), self.register(f"{name}1"))

    def value_word(self) -> Value:
        return self.pair(self.value(0), self.value(1))

    def equal_words(self, found: Value, expected: Value) -> None:
        if found.code != expected.code:
            self.refuse(found.code + expected.code + op("i64.ne"))

    def equal_limbs(self, pairs: list[tuple[Value, Value]]) -> None:
        """Refuse limbs that are not equal in the field."""
        conditions = [
            a.code + b.code + op("i64.ne")
            for a, b in ((canonical(x, self.keep), canonical(y, self.keep)) for x, y in pairs)
            if a.code != b.code
        ]
        if conditions:
            self.refuse(conditions[0] + b"".join(condition + op("i32.or") for condition in conditions[1:]))

    # Addresses and memory

    def address(self) -> Value:
        """The address of the row, a number with its sign; refused when its relative part is outside."""
        if self._address is None:
            form = self.row.address
            assert form is not None
            self._address = self._absolute(form, self._relative(form))
        return self._address

    def _relative(self, form: Address) -> Value:
        if form.fixed:
            if not self.skip_address_check and not 0 <= form.offset < form.limit:
                self.writer.leave(self.row.index)
            return constant(form.offset)
        parts = []
        if form.index_e:
            parts.append(self._index(form))
        parts += [self.register(name) for name, used in (("RR", form.index_rr), ("SP", form.stack_pointer)) if used]
        code = parts[0].code + b"".join(part.code + op("i64.add") for part in parts[1:])
        low, high = sum(part.low for part in parts), sum(part.high for part in parts)
        if form.offset or len(parts) > 1:
            code = self.keep(code + (i64(form.offset) + op("i64.add") if form.offset else b""))
        relative = Value(code, low + form.offset, high + form.offset)
        if not self.skip_address_check:
            if not 0 <= relative.low <= relative.high < form.limit:
                self.refuse(code + i64(form.limit) + op("i64.ge_u"))
            relative = Value(code, max(relative.low, 0), min(relative.high, form.limit - 1))
        return relative

    def _index(self, form: Address) -> Value:
        """E as an index. Where it is all there is, its range follows from that of the address."""
        alone = not self.skip_address_check and not form.index_rr and not form.stack_pointer
        if alone and abs(form.offset) < 1 << 30:
            return signed_form(self.register("E0"), self.keep)
        index, outside = single(self.register("E0"), self.keep)
        if outside is not None:
            self.refuse(outside)
        return index

    def _absolute(self, form: Address, relative: Value) -> Value:
        code, low, high = relative.code, relative.low + form.base, relative.high + form.base
        if form.base:
            code = i64(low) if low == high else code + i64(form.base) + op("i64.add")
        if form.context:
            context = self.register("CTX")
            if context.low != 0 or context.high != 0:
                code += context.code + i64(_CONTEXT_SHIFT) + op("i64.shl") + op("i64.add")
                low, high = low + context.low * CONTEXT_STRIDE, high + context.high * CONTEXT_STRIDE
        return Value(code if code == relative.code or low == high else self.keep(code), low, high)

    def cell_place(self) -> tuple[Code, Code]:
        """Where the cell of the row's access is: its number and its place in memory 1, as i32."""
        address = self.address()
        if address.low == address.high and 0 <= address.low < LEAST_CELLS:
            return i32(address.low), i32(address.low * CELL_BYTES)
        if not 0 <= address.low <= address.high < LEAST_CELLS:
            missing = address.code + global_get(CELLS) + op("i64.ge_u")
            self.writer.emit(missing + IF)
            self.writer.leave_if(address.code + call(self.writer.helpers.reserve), self.row.index, depth=1)
            self.writer.emit(END)
            address.narrow(0, (1 << 31) - 1)
        self.writer.emit(address.code + op("i32.wrap_i64") + put(ADDRESS_LOCAL))
        self.writer.emit(get(ADDRESS_LOCAL) + i32(4) + op("i32.shl") + put(POINTER_LOCAL))
        return get(ADDRESS_LOCAL), get(POINTER_LOCAL)

    def cell(self) -> tuple[Value, Value]:
        """What the cell holds."""
        if self._cell is None:
            _, pointer = self.cell_place()
            low = element(self.keep(pointer + access("i64.load", 0, CELL_MEMORY)))
            self._cell = low, element(self.keep(pointer + access("i64.load", 8, CELL_MEMORY)))
        return self._cell

    def memory_read(self) -> None:
        low, high = self.cell()
        self.equal_limbs([(self.value(0), low), (self.value(1), high)])

    def store(self, limbs: list[Value]) -> None:
        number, pointer = self._place_of_store
        for limb, value in enumerate(limbs):
            self.writer.emit(pointer + value.code + access("i64.store", 8 * limb, CELL_MEMORY))
        self.writer.emit(number + i32(1) + access("i32.store8", 0, WRITTEN_MEMORY))

    # Operations

    def assertion(self) -> None:
        self.equal_limbs([(self.value(limb), self.register(f"A{limb}")) for limb in (0, 1)])

    def arith(self) -> None:
        a, b, c, d = (self.word(name) for name in "ABCD")
        found = self.value_word()
        low = op("i64.mul_wide_u") if c.high == 0 else op("i64.mul_wide_u") + c.code + i64(0) + op("i64.add128")
        high_word = self.keep(a.code + b.code + low)
        low_word = self.keep(b"")
        different = low_word + found.code + op("i64.ne") + high_word + d.code + op("i64.ne") + op("i32.or")
        self.refuse(different)

    def binary(self) -> tuple[Value, Value]:
        """The limbs of the result of the binary operation."""
        if self._binary is None:
            operation = self.row.binary
            assert operation is not None
            self._binary = self._binary_limbs(operation)
        return self._binary

    def _binary_limbs(self, operation: str) -> tuple[Value, Value]:
        a0, a1, b0, b1 = (self.register(name) for name in ("A0", "A1", "B0", "B1"))
        self.normalise(a0, a1, b0, b1)
        if operation in _BITWISE:
            return self._bitwise(operation, a0, b0), self._bitwise(operation, a1, b1)
        if operation == "EQ":
            conditions = a0.code + b0.code + op("i64.eq") + a1.code + b1.code + op("i64.eq") + op("i32.and")
            return Value(self.keep(conditions + op("i64.extend_i32_u")), 0, 1), ZERO
        a, b = self.word("A"), self.word("B")
        if operation in _COMPARISONS:
            code = a.code + b.code + op(_COMPARISONS[operation]) + op("i64.extend_i32_u")
            return Value(self.keep(code), 0, 1), ZERO
        result = self.keep(a.code + b.code + op(f"i64.{operation.lower()}"))
        self._result = result
        return self.split(result)

    def split(self, word: Code) -> tuple[Value, Value]:
        low = Value(self.keep(word + i64(LIMB_MASK) + op("i64.and")), 0, LIMB_MASK)
        return low, Value(self.keep(word + i64(32) + op("i64.shr_u")), 0, LIMB_MASK)

    def _bitwise(self, operation: str, a: Value, b: Value) -> Value:
        if operation == "AND":
            if a.high == 0 or b.high == 0:
                return ZERO
            for mask, other in ((a, b), (b, a)):
                if mask.low == mask.high and mask.low & (mask.low + 1) == 0 and other.high <= mask.low:
                    return other
            return Value(self.keep(a.code + b.code + op("i64.and")), 0, min(a.high, b.high))
        if a.high == 0:
            return b
        if b.high == 0:
            return a
        high = (1 << max(a.high, b.high).bit_length()) - 1
        return Value(self.keep(a.code + b.code + op(f"i64.{_BITWISE[operation]}")), 0, high)

    def carry(self) -> Code:
        """The carry of the binary operation, an i32."""
        low, high = self.binary()
        match self.row.binary:
            case "ADD":
                return self._result + self.word("A").code + op("i64.lt_u")
            case "SUB":
                return self.word("A").code + self.word("B").code + op("i64.lt_u")
            case "OR" | "XOR":
                return i32(0)
            case "AND":
                return low.code + high.code + op("i64.or") + op("i64.eqz") + op("i32.eqz")
            case _:
                return low.code + op("i32.wrap_i64")

    def offset_bits(self) -> Code:
        """Eight times the byte offset of an alignment."""
        if self._bits is None:
            c = self.word("C")
            if c.high > 7:
                self.refuse(c.code + i64(7) + op("i64.gt_u"))
            self._bits = self.keep(c.code + i64(3) + op("i64.shl"))
        return self._bits

    def aligned(self) -> tuple[Value, Value]:
        """The limbs of what MEM_ALIGN_RD reads."""
        if self._aligned is None:
            a, b = self.word("A"), self.word("B")
            bits = self.offset_bits()
            upper = a.code + bits + op("i64.shl")
            lower = b.code + i64(1) + op("i64.shr_u") + i64(63) + bits + op("i64.sub") + op("i64.shr_u")
            self._aligned = self.split(self.keep(upper + lower + op("i64.or")))
        return self._aligned

    def mem_align(self) -> None:
        operation = self.row.mem_align
        if operation == "MEM_ALIGN_RD":
            low, high = self.aligned()
            if not self.given_is_value(operation):
                self.equal_words(self.value_word(), self.pair(low, high))
            return
        a, d, value = self.word("A"), self.word("D"), self.value_word()
        if operation == "MEM_ALIGN_WR":
            self._write_word(a, self.word("B"), d, self.word("E"), value)
        else:
            shift = i64(56) + self.offset_bits() + op("i64.sub")
            byte = value.code + i64(0xFF) + op("i64.and") + shift + op("i64.shl")
            hole = i64(0xFF) + shift + op("i64.shl") + i64(-1) + op("i64.xor")
            written = a.code + hole + op("i64.and") + byte + op("i64.or")
            self.refuse(d.code + written + op("i64.ne"))

    def _write_word(self, a: Value, b: Value, d: Value, e: Value, value: Value) -> None:
        bits = self.offset_bits()
        rest = self.keep(i64(-1) + bits + op("i64.shr_u"))
        kept = a.code + rest + i64(-1) + op("i64.xor") + op("i64.and")
        first = kept + value.code + bits + op("i64.shr_u") + op("i64.or")
        moved = value.code + i64(1) + op("i64.shl") + i64(63) + bits + op("i64.sub") + op("i64.shl")
        second = moved + b.code + rest + op("i64.and") + op("i64.or")
        different = d.code + first + op("i64.ne") + e.code + second + op("i64.ne")
        self.refuse(different + op("i32.or"))
