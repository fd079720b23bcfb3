"""Basic blocks of a program: runs of rows that are entered at the first one only.

A row begins a block when something may go there: the target of a jump, the row behind one, a label, and the number that
a row puts into RR or E as a constant. A computed jump may go to any row; one that begins no block is executed by the
reference interpreter until the run is back at a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.decode import DecodedRow, decode_row
from zkwasm_simulator.jit.advice import supported, uses_counters

BLOCK_ROWS = 64
"""The longest block: what is executed between two looks at the step limit."""

_CODE_ADDRESSES = ("RR", "E")


@dataclass(frozen=True, slots=True)
class Block:
    """Rows `start` to `end - 1` of the program; `number` counts the blocks in the order of the program.

    With `host` the last row is executed by the reference interpreter, and with `counting` it looks at the counters. The
    counters are what one execution of the other rows adds.
    """

    number: int
    start: int
    end: int
    host: bool
    counting: bool
    arith: int
    binary: int
    mem_align: int
    memory: int

    @property
    def steps(self) -> int:
        return self.end - self.start


def needs_host(row: DecodedRow) -> bool:
    """Is `row` one that only the reference interpreter executes?"""
    if row.hash or row.commands_before or row.commands_after or _reads_counters(row):
        return True
    if row.free and row.advice is None and len(row.givers) != 1:
        return True
    return row.advice is not None and row.free != 0 and not supported(row.advice)


def _reads_counters(row: DecodedRow) -> bool:
    return any(source.startswith("CNT_") for source, _ in row.terms)


def _looks_at_counters(row: DecodedRow) -> bool:
    advice = [*row.commands_before, *row.commands_after, *([row.advice] if row.advice else [])]
    return _reads_counters(row) or any(map(uses_counters, advice))


def decode_program(program: Program) -> list[DecodedRow]:
    return [decode_row(row, index) for index, row in enumerate(program.rows)]


def leaders(program: Program, rows: Sequence[DecodedRow], hosted: set[int]) -> list[int]:
    """The rows that begin a block, sorted."""
    found = {0, *program.labels.values()}
    for row in rows:
        jump = row.jump
        if jump.kind == "next" and not row.repeat and row.index not in hosted:
            if not row.terms and not row.free and any(name in _CODE_ADDRESSES for name in row.destinations):
                found.add(row.constant[0])
            continue
        found.add(row.index + 1)
        found.update(target for target in (jump.target, jump.otherwise) if isinstance(target, int))
        if row.repeat:
            found.add(row.index)
    return sorted(row for row in found if 0 <= row < len(rows))


def blocks_of(program: Program, rows: Sequence[DecodedRow]) -> list[Block]:
    """All blocks, in the order of the program; every row is in one."""
    hosted = {row.index for row in rows if needs_host(row)}
    if program.interface is not None:
        # An instance looks at the registers there, by a row function of its own.
        hosted.add(program.labels.get(program.interface.dispatch_label, -1))
    starts = leaders(program, rows, hosted)
    blocks: list[Block] = []
    for start, following in zip(starts, [*starts[1:], len(rows)], strict=True):
        for first in range(start, following, BLOCK_ROWS):
            end = min(first + BLOCK_ROWS, following)
            blocks.append(_block(len(blocks), rows[first:end], end - 1 in hosted))
    return blocks


def _block(number: int, rows: Sequence[DecodedRow], host: bool) -> Block:
    counted = rows[:-1] if host else rows
    return Block(
        number=number,
        start=rows[0].index,
        end=rows[-1].index + 1,
        host=host,
        counting=host and _looks_at_counters(rows[-1]),
        arith=sum(row.arith for row in counted),
        binary=sum(row.binary is not None for row in counted),
        mem_align=sum(row.mem_align is not None for row in counted),
        memory=sum(row.memory is not None for row in counted),
    )
