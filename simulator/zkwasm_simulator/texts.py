"""What a program says while it runs, and no proof is about: texts for the log, and why an assertion failed.

A program tells its events (`eventLog`) where a text is in the linear memory; the bytes that it did not write are those
of a new instance.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Sequence

from zkwasm_compiler.asm.program import Interface
from zkwasm_simulator.faults import ExecutionFault
from zkwasm_simulator.linear_memory import LinearMemory, initial_cells
from zkwasm_simulator.machine import Machine
from zkwasm_simulator.values import float_from_bits

LOG, ASSERTION, THROWN, NOTE = "log", "assertion", "thrown", "note"
STRING, NUMBER, LINE = "string", "number", "line"
"""The events; the last three are a line of the log in pieces."""
LONGEST_MESSAGE = 1000
LARGEST_PLAIN = 10**21
"""Whole numbers below are shown without an exponent."""
WORD_BYTES = 4


class Texts:
    """Hears the events of a run; `log` has the texts."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self.log: list[str] = []
        self.notes = dict(interface.notes)
        self.pieces: list[str] = []

    def hear(self, machine: Machine, event: str, values: Sequence[int]) -> None:
        """*Raises:* ExecutionFault for an assertion that failed."""
        if event == LOG:
            text = self._text(machine, *values)
            self.log += [text] if text else []
        elif event == THROWN:
            message, file, line, column = values
            what = self._string(machine, message, LONGEST_MESSAGE) or "an error without a message"
            self.log.append(f"{what} in {self._string(machine, file, LONGEST_MESSAGE)}({line}:{column})\n")
        elif event == NOTE:
            self.log.append(f"{self.notes[values[0]]}\n")
        elif event == STRING:
            self.pieces.append(self._string(machine, *values))
        elif event == NUMBER:
            self.pieces.append(_number(*values))
        elif event == LINE:
            self.log.append(" ".join(self.pieces) + "\n")
            self.pieces.clear()
        elif event == ASSERTION:
            raise assertion_failed(self._text(machine, *values)[:LONGEST_MESSAGE])

    def _text(self, machine: Machine, address: int, length: int) -> str:
        """The text at an address, as far as it lies inside the memory."""
        return self._bytes(machine, address, length).decode(errors="replace")

    def _string(self, machine: Machine, address: int, longest: int = 1 << 31) -> str:
        """A string of AssemblyScript: UTF-16, its number of bytes in the word before it; none at address 0."""
        if address < WORD_BYTES:
            return ""
        length = int.from_bytes(self._bytes(machine, address - WORD_BYTES, WORD_BYTES), "little")
        return self._bytes(machine, address, min(length, 2 * longest)).decode("utf-16-le", errors="replace")

    def _bytes(self, machine: Machine, address: int, length: int) -> bytes:
        layout = self.interface.memory
        if layout is None or not length:
            return b""
        memory = LinearMemory(layout, ChainMap(machine.memory, initial_cells(self.interface)), lambda: None)
        count = min(length, max(len(memory) - address, 0))
        return memory.read(address, count) if count else b""


def _number(bits: int) -> str:
    """A number as JavaScript shows most of them."""
    value = float_from_bits("f64", bits)
    return str(int(value)) if value.is_integer() and abs(value) < LARGEST_PLAIN else f"{value}"


def assertions(machine: Machine, event: str, values: Sequence[int]) -> None:
    """A listener that hears of failed assertions only. *Raises:* ExecutionFault."""
    if event == ASSERTION:
        raise assertion_failed("")


def assertion_failed(message: str) -> ExecutionFault:
    return ExecutionFault("assertion_failed", message or "the assertion of the program does not hold")
