"""Blocks of a program: runs of rows that are entered at the first one only.

A row begins a block when something may go there: the target of a jump, the row behind one that does not go on, a label,
and the number that a row puts into RR or E as a constant. A jump forward that is taken under a condition is a side exit
and does not end its block. A computed jump may go to any row; one that begins no block is executed by the reference
interpreter until the run is back at a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkwasm_compiler.asm.program import AdviceNode, Program
from zkwasm_simulator.decode import DecodedRow, decode_row
from zkwasm_simulator.interpreter import trap_rows
from zkwasm_simulator.jit.advice import assigned_constant, assigns, supported, uses_counters

BLOCK_ROWS = 64
"""The longest block: what is executed between two looks at the step limit."""

_CODE_ADDRESSES = ("RR", "E")
_UNPROVABLE = "fail"
"""The label of compiled programs where every run ends that cannot be proved."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What one execution of some rows adds to the counters."""

    arith: int
    binary: int
    mem_align: int
    memory: int

    def tallies(self) -> tuple[int, ...]:
        """In the order of `call_tree.TALLIES`; keccak permutations are counted by the interpreter."""
        return self.arith, self.binary, self.mem_align, self.memory

    @staticmethod
    def of(rows: Sequence[DecodedRow]) -> Uses:
        arith = binary = mem_align = memory = 0
        for row in rows:
            arith += row.arith
            binary += row.binary is not None
            mem_align += row.mem_align is not None
            memory += row.memory is not None
        return Uses(arith, binary, mem_align, memory)


@dataclass(frozen=True, slots=True)
class SideExit:
    """A jump out of the middle of a block, at `row`; `number` counts them in the order of the program.

    `uses` are those of the rows of the block behind it, which are not executed when it is taken.
    """

    number: int
    row: int
    uses: Uses


@dataclass(frozen=True, slots=True)
class Block:
    """Rows `start` to `end - 1` of the program; `number` counts the blocks in the order of the program.

    With `host` the last row is executed by the reference interpreter, and with `counting` it looks at the counters.
    `uses` are those of the other rows.
    """

    number: int
    start: int
    end: int
    host: bool
    counting: bool
    uses: Uses
    exits: tuple[SideExit, ...]

    @property
    def steps(self) -> int:
        return self.end - self.start


def needs_host(row: DecodedRow) -> bool:
    """Is `row` one that only the reference interpreter executes?"""
    if row.hash and (row.hash != "HASHK1" or (row.free and row.advice is None)):
        return True
    if _reads_counters(row):
        return True
    if not all(map(assigns, row.commands_before)) or None in map(assigned_constant, row.commands_after):
        return True
    if row.free and row.advice is None and len(row.givers) != 1:
        return True
    return row.advice is not None and row.free != 0 and not supported(row.advice)


def _reads_counters(row: DecodedRow) -> bool:
    return any(source.startswith("CNT_") for source, _ in row.terms)


def _looks_at_counters(row: DecodedRow) -> bool:
    advice = [*row.commands_before, *row.commands_after, *([row.advice] if row.advice else [])]
    return _reads_counters(row) or any(map(uses_counters, advice))


def rare_rows(program: Program) -> frozenset[int]:
    """Rows of a compiled program to which only the interpreter goes: those of traps and of what cannot be proved."""
    if program.interface is None or _UNPROVABLE not in program.labels:
        return trap_rows(program)
    return trap_rows(program) | {program.labels[_UNPROVABLE]}


def variables_of(rows: Sequence[DecodedRow]) -> list[str]:
    """The names of the variables that advice and commands use, sorted."""
    found: set[str] = set()
    for row in rows:
        for node in (*row.commands_before, *row.commands_after, *([row.advice] if row.advice else [])):
            _add_variables(node, found)
    return sorted(found)


def _add_variables(node: AdviceNode, found: set[str]) -> None:
    if "varName" in node:
        found.add(node["varName"])
    for child in (*node.get("values", ()), *node.get("params", ())):
        _add_variables(child, found)


def context_is_zero(program: Program, blocks: Sequence[Block], rows: Sequence[DecodedRow]) -> bool:
    """May the code take it that CTX is 0? In compiled programs it is, but for the first rows and the last."""
    hosted = (rows[block.end - 1] for block in blocks if block.host)
    return program.interface is not None and not any("CTX" in row.destinations for row in hosted)


def decode_program(program: Program) -> list[DecodedRow]:
    return [decode_row(row, index) for index, row in enumerate(program.rows)]


def side_target(row: DecodedRow) -> int | str | None:
    """Where a row goes under a condition, forward, while it goes on else; None when its jump is of another kind."""
    jump = row.jump
    if jump.kind not in ("JMPZ", "JMPN", "JMPC") or jump.target is None or row.repeat:
        return None
    following = row.index + 1
    others = [target for target in (jump.target, jump.otherwise) if target != following]
    if len(others) != 1:
        return None
    (other,) = others
    return None if isinstance(other, int) and other <= row.index else other


def leaders(program: Program, rows: Sequence[DecodedRow], hosted: set[int]) -> list[int]:
    """The rows that begin a block, sorted."""
    found = {0, *program.labels.values()}
    for row in rows:
        jump = row.jump
        if jump.kind == "next" and not row.repeat and row.index not in hosted:
            if not row.terms and not row.free and any(name in _CODE_ADDRESSES for name in row.destinations):
                found.add(row.constant[0])
            continue
        side = None if row.index in hosted else side_target(row)
        targets = (jump.target, jump.otherwise, row.index + 1) if side is None else (side,)
        found.update(target for target in targets if isinstance(target, int))
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
    exits = 0
    for start, following in zip(starts, [*starts[1:], len(rows)], strict=True):
        for first in range(start, following, BLOCK_ROWS):
            end = min(first + BLOCK_ROWS, following)
            blocks.append(_block(len(blocks), exits, rows[first:end], end - 1 in hosted))
            exits += len(blocks[-1].exits)
    return blocks


def _block(number: int, first_exit: int, rows: Sequence[DecodedRow], host: bool) -> Block:
    counted = rows[:-1] if host else rows
    leaving = [place for place, row in enumerate(rows[:-1]) if row.jump.kind != "next"]
    return Block(
        number=number,
        start=rows[0].index,
        end=rows[-1].index + 1,
        host=host,
        counting=host and _looks_at_counters(rows[-1]),
        uses=Uses.of(counted),
        exits=tuple(
            SideExit(exit_, rows[place].index, Uses.of(counted[place + 1 :]))
            for exit_, place in enumerate(leaving, first_exit)
        ),
    )
