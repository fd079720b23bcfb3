"""Rows that refuse nothing: how a prover goes on whose claims do not hold.

He says what he wants to and fills all columns by the rules; whether the constraints accept it is for `check` to say.
Where an operation needs a number and gets limbs that are none, he takes their low bits.
"""

from __future__ import annotations

from contextlib import suppress

from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.audit.constraint_rows import ConstraintRowWriter
from zkwasm_simulator.faults import ExecutionFault
from zkwasm_simulator.field import LIMB_MASK, PRIME
from zkwasm_simulator.hashing import HashStream
from zkwasm_simulator.interpreter import PreparedProgram
from zkwasm_simulator.machine import Machine
from zkwasm_simulator.specialise import FreeInputHook, RowFunction


class RecklessProgram(PreparedProgram):
    """A program whose rows execute whatever they are told."""

    def __init__(self, program: Program, hook: FreeInputHook) -> None:
        super().__init__(program, skip_address_check=True, hook=hook)

    def _unmade(self, index: int) -> RowFunction:
        def make(machine: Machine, step: int) -> int:
            writer = _RecklessRowWriter(self.decoded(index), len(self.program.rows), True, self.hook)
            self.rows[index] = function = writer.function()
            return function(machine, step)

        return make


class _RecklessRowWriter(ConstraintRowWriter):
    """Writes a row's function without its checks."""

    def address(self) -> None:
        form = self.row.address
        if form is not None:
            parts = [self.bind(form.base + form.offset), *self.address_registers(form)]
            self.emit(f"address = {self.bind(_nearest)}({' + '.join(parts)})")

    def word(self, name: str, low: str, high: str, what: str) -> None:
        if name not in self.words:
            self.words.add(name)
            self.emit(f"{name} = {low} + ({high} << 32) & WORD")

    def assertion(self) -> None:
        pass

    def memory(self) -> None:
        if self.row.memory is not None:
            self.emit("m.memory_accesses += 1")
        if self.row.memory == "write":
            self.emit("m.memory[address] = (op0, op1)")

    def hash(self) -> None:
        match self.row.hash:
            case "HASHK" | "HASHK1":
                self.hash_place()
                self.value_word()
                self.emit(f"{self.bind(_write)}(stream, m.HASHPOS, size, op)")
            case "HASHKLEN":
                self.emit(f"{self.bind(_finish)}(m.stream(address))")
            case "HASHKDIGEST":
                self.emit("m.keccak += m.stream(address).permutations")

    def arith(self) -> None:
        if self.row.arith:
            self.emit("m.arith += 1")

    def binary(self) -> None:
        operation = self.row.binary
        if operation is not None:
            self.binary_result(operation)
            self.emit("m.binary += 1")

    def mem_align_offset(self) -> None:
        self.emit("bits = 8 * (m.C0 & 7)")

    def mem_align(self) -> None:
        if self.row.mem_align is not None:
            self.emit("m.mem_align += 1")

    def next(self) -> None:
        if self.row.jump.kind != "JMPN":
            super().next()
            return
        self.branch(f"op0 > {LIMB_MASK}", self.taken(), [self.go(self.row.jump.otherwise)])


def _nearest(address: int) -> int:
    """The field element `address` as the number nearest to 0."""
    address %= PRIME
    return address if address <= PRIME // 2 else address - PRIME


def _write(stream: HashStream, position: int, size: int, value: int) -> None:
    with suppress(ExecutionFault):
        stream.write(position, size, value)


def _finish(stream: HashStream) -> None:
    with suppress(ExecutionFault):
        stream.finish(stream.length)
