"""Addresses and memory accesses of a row."""

from __future__ import annotations

from zkwasm_simulator.decode import CONTEXT_STRIDE, Address
from zkwasm_simulator.jit.encoder import Code, access, global_get, i32, i64, op
from zkwasm_simulator.jit.state import (
    CELL_BYTES,
    CELL_MEMORY,
    CELLS,
    HASHED,
    HASHED_BYTES,
    LEAST_CELLS,
    MOST_HASHED,
    MOST_STREAMS,
    STREAM_LENGTHS,
)
from zkwasm_simulator.jit.step_value import StepValue
from zkwasm_simulator.jit.values import Value, constant, element, signed_form, single

_CONTEXT_SHIFT = CONTEXT_STRIDE.bit_length() - 1


class MemoryAccess(StepValue):
    """Finds the cell of a row's memory access, reads and writes it; addresses of computed jumps are the same."""

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
                self.writer.leave()
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
            self.refuse(address.code + global_get(CELLS) + op("i64.ge_u"))
        pointer = self.keep(address.code + i64(4) + op("i64.shl"))
        return address.code + op("i32.wrap_i64"), pointer + op("i32.wrap_i64")

    def cell(self) -> tuple[Value, Value]:
        """What the cell holds."""
        if self._cell is None:
            _, pointer = self.cell_place()
            low = element(self.writer.fresh(pointer + access("i64.load", 0, CELL_MEMORY)))
            self._cell = low, element(self.writer.fresh(pointer + access("i64.load", 8, CELL_MEMORY)))
        return self._cell

    def memory_read(self) -> None:
        low, high = self.cell()
        self.equal_limbs([(self.value(0), low), (self.value(1), high)])

    def hashed(self) -> None:
        """Check HASHK1: a byte that is appended to an open stream; the rest is refused."""
        stream = self.address()
        self.refuse(stream.code + i64(MOST_STREAMS) + op("i64.ge_u"))
        self.refuse(self.value_word().code + i64(0xFF) + op("i64.gt_u"))
        place = self.keep(stream.code + i64(3) + op("i64.shl")) + op("i32.wrap_i64")
        length = self.writer.fresh(place + access("i64.load", STREAM_LENGTHS))
        self.refuse(
            length + self.register("HASHPOS").code + op("i64.ne") + length + i64(0) + op("i64.lt_s") + op("i32.or")
        )
        count = self.writer.fresh(i32(0) + access("i64.load", HASHED))
        self.refuse(count + i64(MOST_HASHED) + op("i64.ge_u"))
        self._hashed = place, length, count

    def hash(self) -> None:
        """Append the byte, and note it for the driver."""
        place, length, count = self._hashed
        self.writer.emit(place + length + i64(1) + op("i64.add") + access("i64.store", STREAM_LENGTHS))
        entry = self.address().code + i64(8) + op("i64.shl") + self.value_word().code + op("i64.or")
        address = count + i64(2) + op("i64.shl") + op("i32.wrap_i64")
        self.writer.emit(address + entry + access("i64.store32", HASHED_BYTES))
        self.writer.emit(i32(0) + count + i64(1) + op("i64.add") + access("i64.store", HASHED))

    def store(self, limbs: list[Value]) -> None:
        number, pointer = self._place_of_store
        for limb, value in enumerate(limbs):
            self.writer.emit(pointer + value.code + access("i64.store", 8 * limb, CELL_MEMORY))
        self.writer.flag(number)
