"""Rows as the constraints see them: what a prover can do who does not use the executor.

The executor refuses more than the constraints forbid. Here one-limb registers hold any field element, addresses may lie
outside of their region, and advice that cannot be evaluated on a forged state does not stop the prover: he tells
something else. What is left to refuse is what no proof can show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.advice import Expression, compile_advice
from zkwasm_simulator.decode import CONTEXT_STRIDE, Address
from zkwasm_simulator.faults import ExecutionFault, field_text, jmpn_range
from zkwasm_simulator.field import LIMB_MASK, PRIME, Limbs
from zkwasm_simulator.interpreter import PreparedProgram
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS, AdviceValue, Machine
from zkwasm_simulator.specialise import FreeInputHook, RowFunction, RowWriter

ADDRESS_REACH = 1 << 46
"""Rows of the memory machine are sorted by address with gaps of at most N = 2^23, so a trace reaches N·N cells."""

NEGATIVE_LIMIT = PRIME - (1 << 32)
"""The least field element that JMPN takes for a negative number."""

_HALF = PRIME // 2


class ConstraintProgram(PreparedProgram):
    """A program whose rows refuse only what the constraints forbid. `hook` may replace free inputs."""

    def __init__(self, program: Program, hook: FreeInputHook) -> None:
        super().__init__(program, skip_address_check=True, hook=hook)

    def _unmade(self, index: int) -> RowFunction:
        def make(machine: Machine, step: int) -> int:
            writer = ConstraintRowWriter(self.decoded(index), len(self.program.rows), True, self.hook)
            self.rows[index] = function = writer.function()
            return function(machine, step)

        return make


class ConstraintRowWriter(RowWriter):
    """Writes a row's function with the constraints' meaning of registers, addresses and JMPN."""

    def expression(self, node: dict[str, Any], zkpc: int) -> Expression:
        return undaunted(compile_advice(node, zkpc))

    def address(self) -> None:
        form = self.row.address
        if form is None:
            return
        if form.fixed and not form.context:
            self.emit(f"address = {self.bind(form.base + form.offset)}")
            return
        parts = [self.bind(form.base + form.offset), *self.address_registers(form)]
        self.emit(f"address = {self.bind(reachable)}({' + '.join(parts)})")

    def address_registers(self, form: Address) -> Iterator[str]:
        """The registers that the address sums up, as text."""
        if form.index_e:
            yield "m.E0"
        if form.index_rr:
            yield "m.RR"
        if form.stack_pointer:
            yield "m.SP"
        if form.context:
            yield f"m.CTX * {CONTEXT_STRIDE}"

    def signed(self, name: str, source: str, what: str) -> None:
        """`name` = the field element nearest to 0: the same number as the executor's where that has one."""
        self.emit(f"{name} = {source}", f"if {name} > {_HALF}:", f"    {name} -= {PRIME}")

    def mem_align_offset(self) -> None:
        """The constraints look at the low limb of C only."""
        self.emit("c = m.C0", "if c > 7:", "    raise mem_align_offset(c)", "bits = 8 * c")

    def destinations(self) -> None:
        super().destinations()
        if self.row.jump.kind == "CALL":
            self.emit(f"m.RR = {self.bind(self.row.index + 1)}")

    def next(self) -> None:
        jump = self.row.jump
        if jump.kind != "JMPN":
            super().next()
            return
        self.emit(f"if {LIMB_MASK} < op0 < {NEGATIVE_LIMIT}:", f"    raise {self.bind(jmpn_range)}(op0)")
        self.branch(f"op0 > {LIMB_MASK}", self.taken(), [self.go(jump.otherwise)])


def reachable(address: int) -> int:
    """The field element `address` as a small number. *Raises:* ExecutionFault when no trace can reach the cell."""
    address %= PRIME
    if address > _HALF:
        address -= PRIME
    if not -ADDRESS_REACH < address < ADDRESS_REACH:
        raise ExecutionFault(
            "address_unreachable",
            f"the address {field_text(address % PRIME)} is too far from the cells that the program uses",
        )
    return address


# Advice on forged states


def undaunted(honest: Expression) -> Expression:
    """`honest`, and where it cannot be evaluated: itself on limbs modulo 2^32, and where that cannot either: 0."""

    def tell(machine: Machine) -> AdviceValue:
        try:
            return honest(machine)
        except ExecutionFault:
            pass
        try:
            return honest(_normalised(machine))
        except ExecutionFault:
            return 0

    return tell


def _normalised(machine: Machine) -> Machine:
    """What advice sees of `machine`, with all limbs below 2^32. Its advice variables are those of the machine."""
    view = Machine.__new__(Machine)
    for name in Machine.__slots__:
        setattr(view, name, getattr(machine, name))
    for name in WIDE_REGISTERS:
        low, high = machine.limbs(name)
        view.set_register(name, (low & LIMB_MASK, high & LIMB_MASK))
    for name in SINGLE_REGISTERS:
        view.set_register(name, getattr(machine, name) & LIMB_MASK)
    view.memory = _NormalisedCells(machine.memory)  # type: ignore[assignment]
    return view


class _NormalisedCells(Mapping[int, Limbs]):
    """Cells as advice can read them; cells that were never written hold 0."""

    def __init__(self, cells: Mapping[int, Limbs]) -> None:
        self._cells = cells

    def __getitem__(self, address: int) -> Limbs:
        low, high = self._cells.get(address, (0, 0))
        return low & LIMB_MASK, high & LIMB_MASK

    def __contains__(self, address: object) -> bool:
        return True

    def __iter__(self) -> Iterator[int]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)
