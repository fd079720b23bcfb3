"""Selection of what works on the linear memory with one byte a cell.

An index is that of a byte, or an address that is known to be inside. Cells hold numbers below 256: what is stored is
known to be one, or is cut out of a word here by advice that the steps around it prove.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Type, Value, constant_bits
from zkwasm_compiler.lowering.legalize import index_of
from zkwasm_compiler.lowering.symbols import UNPROVABLE
from zkwasm_compiler.machine.step import (
    DEFINED,
    Advice,
    Operation,
    Slot,
    Step,
    Term,
    VirtualRegister,
    jump,
    using,
)
from zkwasm_compiler.rules.representation import TIDY, WORD

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.select import Selector

F = 0xFFFFFFFF


def _load_bytes(build: Selector, value: Value) -> None:
    parts = [build.define(value)] if _count(value) == 1 else [build.fresh("byte") for _ in range(_count(value))]
    for number, part in enumerate(parts):
        build.step(Step(free=DEFINED, destinations=(part,), operations=(_cell(build, "MLOAD", value, number),)))
    if len(parts) > 1:
        terms = tuple(Term(part, 1 << 8 * number) for number, part in enumerate(parts))
        build.step(Step(terms, destinations=(build.define(value),)))


def _store_byte(build: Selector, value: Value) -> None:
    build.step(using(build.operand(value.args[1], TIDY), _cell(build, "MSTORE", value)))


def _store_bytes(build: Selector, value: Value) -> None:
    """`count` bytes of x, which has no others. All but the last are advice (`_advise`). The last is what is left over
    2^(8·(count - 1)) in the field: it is below 2^32, and so are x and the bytes, so that the division has no rest; it
    is then no larger than x allows. Where the high limb of x would spoil the quotient's, the last is advice too."""
    last = _count(value) - 1
    x = build.operand(value.args[1], WORD)
    parts = [_advise(build, value, x, number) for number in range(last)]
    if build.cover.representation[value.args[1]].serves(TIDY):
        store = (_cell(build, "MSTORE", value, last), _below_2_32())
        build.step(Step(_rest(x, parts), operations=store))
    else:
        parts.append(_advise(build, value, x, last, checked=False))
        terms = (Term(x), *(Term(part, -(1 << 8 * number)) for number, part in enumerate(parts)))
        build.step(Step(terms, operations=(jump("JMPNZ", UNPROVABLE),)))


def _store_low_bytes(build: Selector, value: Value) -> None:
    """`count` bytes of an x that may have more: all are advice, and what is left is divisible by 2^(8·count)."""
    x = build.operand(value.args[1], WORD)
    parts = [_advise(build, value, x, number) for number in range(_count(value))]
    build.step(Step(_rest(x, parts), operations=(_below_2_32(),)))


def _count(value: Value) -> int:
    count = constant_bits(value.args[-1])
    assert count is not None
    return count


def _advise(build: Selector, value: Value, x: VirtualRegister, number: int, *, checked: bool = True) -> VirtualRegister:
    """Byte `number` of x as advice b, which is stored: b and 2^24·b are below 2^32, so b is below 2^8."""
    byte = build.fresh("byte")
    advice = Advice(f"(({{0}} & {F}) >> {8 * number}) & 255", (x,))
    store = (_cell(build, "MSTORE", value, number), _below_2_32())
    build.step(Step(free=advice, destinations=(byte,), operations=store))
    if checked:
        build.step(Step((Term(byte, 1 << 24),), operations=(_below_2_32(),)))
    return byte


def _below_2_32() -> Operation[VirtualRegister]:
    """The test that op is."""
    return jump("JMPN", UNPROVABLE)


def _rest(x: VirtualRegister, parts: list[VirtualRegister]) -> tuple[Term[VirtualRegister], ...]:
    """x without its lowest bytes, divided by 2^(8·number of them)."""
    count = len(parts)
    return (Term(x, _part_of_256(count)), *(Term(part, -_part_of_256(count - n)) for n, part in enumerate(parts)))


def _part_of_256(power: int) -> int:
    """2^(-8·power) in the field, for a power from 1 to 4: 2^-32 is -F."""
    return -(F << (32 - 8 * power))


def _cell(build: Selector, name: str, value: Value, beyond: int = 0) -> Operation[VirtualRegister]:
    """An access to the cell `beyond` the first one of `value`, whose index is in E."""
    index = value.args[0]
    number = index_of(value) + beyond
    constant = constant_bits(index)
    if constant is not None:
        return Operation(name, (VirtualRegister(0, 0),), ("E",), slot=Slot("memory", constant + number))
    representation = build.cover.representation[index]
    if index.type is Type.INDEX:
        number += build.symbols.memory_cells
    return Operation(name, (build.operand(index, representation),), ("E",), slot=Slot("memory", number))


BYTE_OPS: Mapping[str, Callable[[Selector, Value], None]] = {
    "zk.load_bytes": _load_bytes,
    "zk.store_byte": _store_byte,
    "zk.store_bytes": _store_bytes,
    "zk.store_low_bytes": _store_low_bytes,
}
