"""One row as WebAssembly: first everything that can fail, then the assignments.

The order matters: where a check fails the code leaves the block in front of the row (`Exit.REFUSED`), with the state as
the rows before have left it, and the reference interpreter executes the row, mostly to say what is wrong with it. The
jump is `flow`'s.
"""

from __future__ import annotations

from zkwasm_simulator.jit.advice import assigned_constant, assignment
from zkwasm_simulator.jit.encoder import i64, op
from zkwasm_simulator.jit.memory_access import MemoryAccess
from zkwasm_simulator.jit.operations import Operations
from zkwasm_simulator.jit.registers import variable
from zkwasm_simulator.jit.values import ZERO, Value, canonical, constant
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS

_SINGLE, _WIDE = frozenset(SINGLE_REGISTERS), frozenset(WIDE_REGISTERS)


class RowCode(Operations, MemoryAccess):
    """Writes what one row computes, checks and assigns."""

    def check(self) -> None:
        """Compute the row and refuse what the machine refuses."""
        row = self.row
        for command in row.commands_before:
            assigned = assignment(command, self)
            assert assigned is not None
            name, value = assigned
            self.writer.registers.write_single(variable(name), value)
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
            self.equal_words([(self.value_word().code, self.pair(*self.binary()).code)])
        if row.mem_align is not None:
            self.mem_align()
        if not _SINGLE.isdisjoint(row.destinations):
            self.single_value()
        if "CTX" in row.destinations and self.writer.context_is_zero:
            self.refuse(self.single_value().code + op("i64.eqz") + op("i32.eqz"))
        if row.memory == "write":
            self._place_of_store = self.cell_place()
        if row.hash is not None:
            self.hashed()

    def assign(self) -> None:
        """Put everything where it belongs."""
        row, registers = self.row, self.writer.registers
        repeats = registers.read("RCX") if row.repeat else ZERO
        limbs: list[Value] = []
        if row.memory == "write" or not _WIDE.isdisjoint(row.destinations):
            limbs = [canonical(self.value(limb), self.keep) for limb in (0, 1)]
        if row.memory == "write":
            self.store(limbs)
        for name in row.destinations:
            if name in _WIDE:
                for limb, value in enumerate(limbs):
                    registers.write(f"{name}{limb}", self.value(limb), value.code)
            else:
                registers.write_single(name, self.single_value())
        if row.stack_increment and "SP" not in row.destinations:
            registers.write_single("SP", self.moved(registers.read("SP"), row.stack_increment))
        if row.jump.kind == "CALL" and "RR" not in row.destinations:
            registers.write_single("RR", constant(row.index + 1))
        if row.repeat and "RCX" not in row.destinations:
            again = repeats.code + op("i64.eqz") + op("i32.eqz") + op("i64.extend_i32_u")
            fewer = self.keep(repeats.code + again + op("i64.sub"))
            registers.write_single("RCX", Value(fewer, repeats.low - 1, repeats.high))
        for command in row.commands_after:
            assigned = assigned_constant(command)
            assert assigned is not None
            registers.write_single(variable(assigned[0]), constant(assigned[1]))
        if row.hash is not None:
            self.hash()
            registers.write_single("HASHPOS", self.moved(registers.read("HASHPOS"), 1))
        if row.memory == "write" or row.hash is not None:
            self.writer.commit(row.index + 1)

    def moved(self, pointer: Value, distance: int) -> Value:
        code = self.keep(pointer.code + i64(distance) + op("i64.add"))
        return Value(code, pointer.low + distance, pointer.high + distance)
