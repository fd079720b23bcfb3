"""What code costs, without running it: rows of each state machine for a step, a block, a routine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zkwasm_compiler.asm.syntax import StepStatement
from zkwasm_compiler.isa import legality
from zkwasm_compiler.isa.machine import Machine
from zkwasm_lsp.language import flow
from zkwasm_lsp.language.program import Program
from zkwasm_lsp.language.source import Chunk

Rows = dict[str, int]

PATH_LIMIT = 5_000
"""The most steps of a routine whose paths are measured."""


def step_rows(step: StepStatement, machine: Machine) -> Rows:
    """The rows of one step by state machine."""
    return legality.rows(machine, [call.name for call in step.operations])


def chunk_rows(chunk: Chunk) -> Rows:
    """The rows of the step of a line, none without a step."""
    return {} if chunk.step is None else step_rows(chunk.step, chunk.machine)


def total(parts: Iterable[Rows]) -> Rows:
    """The sum of rows."""
    found: Rows = {}
    for part in parts:
        for name, count in part.items():
            found[name] = found.get(name, 0) + count
    return found


def rows_at(program: Program, addresses: Iterable[int]) -> Rows:
    """The rows of the steps at addresses, each executed once."""
    parts = []
    for address in addresses:
        place = program.steps[address]
        parts.append(program.sources[place.path].chunks[place.chunk].once(chunk_rows))
    return total(parts)


def block(program: Program, address: int) -> list[int]:
    """The addresses of the block that begins at an address: up to the next label or the first step that never falls
    through."""
    starts = set(program.resolution.labels.values())
    found: list[int] = []
    while address < len(program.steps) and (not found or address not in starts):
        found.append(address)
        if not flow.flow_at(program, address).falls:
            break
        address += 1
    return found


@dataclass(frozen=True, slots=True)
class Routine:
    """A routine: `rows` of all its steps once, the fewest and the most steps from its label to an end (None: unknown,
    or a loop), and the labels that it calls. What is called is not counted."""

    steps: int
    rows: Rows
    fewest: int | None
    most: int | None
    calls: tuple[str, ...]
    returns: bool


def routine(program: Program, label: str) -> Routine | None:
    """The routine that a label begins; None when there is no code."""
    addresses = flow.routine(program, label)
    if not addresses:
        return None
    flows = {address: flow.flow_at(program, address) for address in addresses}
    calls = dict.fromkeys(name for address in addresses for name in flows[address].calls)
    start = program.resolution.labels[label]
    small = len(addresses) <= PATH_LIMIT
    return Routine(
        len(addresses),
        rows_at(program, addresses),
        _fewest(program, flows, start) if small else None,
        _most(program, flows, start) if small else None,
        tuple(calls),
        any(one.returns for one in flows.values()),
    )


def _inner(program: Program, address: int, of: flow.StepFlow, known: dict[int, flow.StepFlow]) -> list[int]:
    inner = flow.StepFlow(of.targets, (), (), of.falls)
    return [target for target in flow.successors(program, address, inner) if target in known]


def _is_end(of: flow.StepFlow, following: list[int]) -> bool:
    return of.returns or not following


def _fewest(program: Program, flows: dict[int, flow.StepFlow], start: int) -> int | None:
    seen = {start}
    front = [start]
    steps = 1
    while front:
        following: list[int] = []
        for address in front:
            targets = _inner(program, address, flows[address], flows)
            if _is_end(flows[address], targets):
                return steps
            following += [target for target in targets if target not in seen]
            seen.update(targets)
        front, steps = list(dict.fromkeys(following)), steps + 1
    return None


def _most(program: Program, flows: dict[int, flow.StepFlow], start: int) -> int | None:
    """The steps of the longest path; None when there is a loop."""
    longest: dict[int, int] = {}
    open_addresses: set[int] = set()
    work = [start]
    while work:
        address = work[-1]
        if address in longest:
            work.pop()
            continue
        targets = _inner(program, address, flows[address], flows)
        if address in open_addresses:
            longest[address] = 1 + max((longest[target] for target in targets), default=0)
            open_addresses.discard(address)
            work.pop()
            continue
        open_addresses.add(address)
        for target in targets:
            if target in open_addresses:
                return None
            if target not in longest:
                work.append(target)
    return longest[start]


def shown(rows: Rows, steps: str = "main") -> str:
    """Rows for people: ``1 main + 4 binary``."""
    return " + ".join(f"{count:,} {name}".replace(",", "\u202f") for name, count in rows.items()) or f"0 {steps}"
