"""What the code and its driver share: the places of the machine's state, and how a run of the code ends.

While code runs, registers are WebAssembly globals; `run` takes them from memory 0 in the beginning and puts them back
in the end, and the code does so around a row that the reference interpreter executes. Memory 1 has the cells, 16 bytes
each (the low limb first), memory 2 a byte for each cell: 1 when it was written. Memory 3 has the data of the batch.
"""

from __future__ import annotations

from enum import IntEnum

from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS

LIMB_NAMES = tuple(f"{name}{limb}" for name in WIDE_REGISTERS for limb in (0, 1))
STATE_NAMES = (*LIMB_NAMES, *SINGLE_REGISTERS)
"""The attributes of `Machine` in the order in which they are in memory 0, 8 bytes each, from address 0 on."""

GLOBALS = {name: number for number, name in enumerate(STATE_NAMES)}
"""The global of each register; those behind them follow."""
LEFT, LIMIT, CELLS, EXIT_ROW, LAST_ROW, STOP = range(len(STATE_NAMES), len(STATE_NAMES) + 6)
"""i64: steps that the run may still take, the number of the step at which none is left, cells in memory 1. i32: the row
where the code was left, the row that was executed before a jump to the end, the block to stop at (−1: none)."""

OTHER_GLOBALS = 6
"""Behind these the variables of advice have globals."""

STATE_BYTES = 8 * len(STATE_NAMES)
LEFT_FIELD = STATE_BYTES
ROW_FIELDS = LEFT_FIELD + 8
"""Two i32: `EXIT_ROW` and `LAST_ROW`."""
TRACE_LENGTH = ROW_FIELDS + 8
INPUT_WORDS = TRACE_LENGTH + 8
"""The eight public input words."""
BATCH_BYTES = INPUT_WORDS + 8 * 8
TIMESTAMP = BATCH_BYTES + 8
"""How many bytes the batch has, which are in memory 3, and its timestamp; −1 when that does not fit."""
HASHED = TIMESTAMP + 8
"""How many bytes were hashed since the driver has seen them."""
TALLY = HASHED + 8
"""The counters of `call_tree.TALLIES` as they are, when the run is profiled."""
STREAM_LENGTHS = TALLY + 8 * 5
MOST_STREAMS = 1 << 10
"""The lengths of the hash streams with the first numbers, an i64 each; −1: not open."""
HASHED_BYTES = STREAM_LENGTHS + 8 * MOST_STREAMS
MOST_HASHED = 1 << 14
"""What was hashed: an i32 each, 256 times the stream and the byte."""
COUNTS = HASHED_BYTES + 4 * MOST_HASHED
"""An i64 a block, how often it was entered, an i64 a side exit, how often it was taken, and an i64 a variable of
advice. The table behind has an i32 a row: the block that begins there, or −1."""

UNKNOWN = -(1 << 63)
"""Stands for a variable that is not declared or holds what code cannot compute with."""
VARIABLE_BOUND = 1 << 62

CONTROL, CELL_MEMORY, WRITTEN_MEMORY, BATCH_MEMORY = 0, 1, 2, 3
CELL_BYTES = 16
LEAST_CELLS = 1 << 18
"""Cells that are there from the start: those of context 0."""
MOST_CELLS = 1 << 27
"""Cells with this number and above, and negative ones, are kept by the driver."""


class Exit(IntEnum):
    """Why the code was left; a number that is not negative is the block that would be next."""

    NO_BLOCK = -1
    """The row in `EXIT_ROW` is next, but no block begins there."""
    BUDGET = -2
    """The block in `EXIT_ROW` is next, but it has more steps than are left."""
    REFUSED = -3
    """The row in `EXIT_ROW` is next; it does something that only the reference interpreter does, a fault mostly."""
    STOPPED = -4
    """The row to stop at is next."""
    FAULT = -5
    """A row that the reference interpreter executed for the code has failed."""
