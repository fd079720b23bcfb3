"""WebAssembly's integer operations on unsigned bit patterns: the one place where their meaning is written in Python.

Constant folding, the IR interpreter and the proofs' random tests use it. Source: WebAssembly 2.0, section 4.3.2.
"""

from __future__ import annotations

from zkwasm_compiler.ir.function import Trap


class TrapError(Exception):
    """The operation traps."""

    def __init__(self, trap: Trap) -> None:
        super().__init__(trap.message)
        self.trap = trap


def signed(value: int, bits: int) -> int:
    """The two's-complement value of the `bits`-bit pattern `value`."""
    return value - (1 << bits) if value >> (bits - 1) else value


def sign_extend(value: int, from_bits: int, bits: int) -> int:
    """The low `from_bits` bits of `value`, sign-extended to a `bits`-bit pattern."""
    return signed(value & ((1 << from_bits) - 1), from_bits) & ((1 << bits) - 1)


def div_u(x: int, y: int, bits: int) -> int:
    if y == 0:
        raise TrapError(Trap.INTEGER_DIVIDE_BY_ZERO)
    return x // y


def rem_u(x: int, y: int, bits: int) -> int:
    if y == 0:
        raise TrapError(Trap.INTEGER_DIVIDE_BY_ZERO)
    return x % y


def div_s(x: int, y: int, bits: int) -> int:
    a, b = signed(x, bits), signed(y, bits)
    if b == 0:
        raise TrapError(Trap.INTEGER_DIVIDE_BY_ZERO)
    if a == -(1 << (bits - 1)) and b == -1:
        raise TrapError(Trap.INTEGER_OVERFLOW)
    quotient = abs(a) // abs(b)
    return (quotient if (a < 0) == (b < 0) else -quotient) & ((1 << bits) - 1)


def rem_s(x: int, y: int, bits: int) -> int:
    a, b = signed(x, bits), signed(y, bits)
    if b == 0:
        raise TrapError(Trap.INTEGER_DIVIDE_BY_ZERO)
    remainder = abs(a) % abs(b)
    return (-remainder if a < 0 else remainder) & ((1 << bits) - 1)


def rotl(x: int, y: int, bits: int) -> int:
    count = y % bits
    return ((x << count) | (x >> (bits - count))) & ((1 << bits) - 1)


def clz(x: int, bits: int) -> int:
    return bits - x.bit_length()


def ctz(x: int, bits: int) -> int:
    return (x & -x).bit_length() - 1 if x else bits
