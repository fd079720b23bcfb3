"""What a run costs: uses of the secondary state machines, rows, and the length of the proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ROWS_BEFORE_END = 13
"""Rows of the main machine after `finalizeExecution`: one that waits for the end of the trace and twelve outputs."""

BINARY_ROWS = 4
ARITH_ROWS = 8
MEM_ALIGN_ROWS = 8
KECCAK_SLOT_ROWS = 155286
KECCAK_SLOT_PERMUTATIONS = 44


@dataclass(frozen=True, slots=True)
class Counters(Mapping[str, int]):
    """The counters of a run. As a mapping it holds the uses of the secondary machines by name.

    `rom` is the length of the program: the table of its rows must fit into the trace, too.
    """

    steps: int
    arith: int
    binary: int
    mem_align: int
    keccak: int
    memory: int
    rom: int

    @property
    def rows(self) -> dict[str, int]:
        """The rows that the run takes in each state machine."""
        slots = -(-self.keccak // KECCAK_SLOT_PERMUTATIONS)
        return {
            "main": self.steps + ROWS_BEFORE_END,
            "arith": ARITH_ROWS * self.arith,
            "binary": BINARY_ROWS * self.binary,
            "mem_align": MEM_ALIGN_ROWS * self.mem_align,
            "keccak": KECCAK_SLOT_ROWS * slots,
            "memory": self.memory,
            "rom": self.rom,
        }

    @property
    def most_rows(self) -> int:
        """The rows of the fullest state machine."""
        return max(self.rows.values())

    @property
    def n(self) -> int:
        """The length of the trace: the smallest power of two that holds every machine's rows."""
        return power_of_two(self.most_rows)

    def __getitem__(self, name: str) -> int:
        if name not in _USES:
            raise KeyError(name)
        value: int = getattr(self, name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(_USES)

    def __len__(self) -> int:
        return len(_USES)


_USES = ("arith", "binary", "mem_align", "keccak", "memory")


def power_of_two(rows: int) -> int:
    """The smallest power of two that is at least `rows` (which is positive)."""
    return 1 << (rows - 1).bit_length()
