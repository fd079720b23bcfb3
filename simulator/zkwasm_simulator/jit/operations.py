"""The operations of a row, except for memory and jumps: assertion, ARITH, binary operations, alignments."""

from __future__ import annotations

from zkwasm_simulator.jit.encoder import Code, i32, i64, op
from zkwasm_simulator.jit.step_value import StepValue
from zkwasm_simulator.jit.values import ZERO, Value

_COMPARISONS = {"LT": "i64.lt_u", "SLT": "i64.lt_s"}
_BITWISE = {"AND": "and", "OR": "or", "XOR": "xor"}


class Operations(StepValue):
    """Checks the operations of a row, and computes what they give."""

    def assertion(self) -> None:
        self.equal_limbs([(self.value(limb), self.register(f"A{limb}")) for limb in (0, 1)])

    def arith(self) -> None:
        a, b, c, d = (self.word(name) for name in "ABCD")
        found = self.value_word()
        low = op("i64.mul_wide_u") if c.high == 0 else op("i64.mul_wide_u") + c.code + i64(0) + op("i64.add128")
        high_word, low_word = self.share(a.code + b.code + low, 2)
        self.equal_words([(low_word, found.code), (high_word, d.code)])

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
                self.equal_words([(self.value_word().code, self.pair(low, high).code)])
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
