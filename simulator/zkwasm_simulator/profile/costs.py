"""What rows of a program cost, counter by counter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from zkwasm_simulator.decode import DecodedRow


@dataclass(frozen=True, slots=True)
class Costs:
    """Steps, and uses of each secondary state machine; keccak in permutations."""

    steps: int = 0
    arith: int = 0
    binary: int = 0
    mem_align: int = 0
    memory: int = 0
    keccak: int = 0

    def __add__(self, other: Costs) -> Costs:
        return Costs(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @staticmethod
    def of_row(row: DecodedRow, executions: int, keccak: int) -> Costs:
        """What a row costs that was executed so often, with `keccak` permutations in all."""
        return Costs(
            executions,
            executions * row.arith,
            executions * (row.binary is not None),
            executions * (row.mem_align is not None),
            executions * (row.memory is not None),
            keccak,
        )


COUNTERS = tuple(field.name for field in fields(Costs))


def total(costs: Iterable[Costs]) -> Costs:
    return sum(costs, Costs())
