"""Removes destinations that nobody reads, and steps that then do nothing.

Only sums, loads and copies go: an operation that may constrain something stays, whoever reads its result.
"""

from __future__ import annotations

from dataclasses import replace

from zkwasm_compiler.machine.allocation import AllocatedFunction
from zkwasm_compiler.machine.function import MachineBlock
from zkwasm_compiler.machine.step import DEFINED, Step


def drop_dead_steps(function: AllocatedFunction) -> bool:
    """Change the function in place; whether a step went away."""
    live_in = _live_registers(function)
    dropped = False
    for block in function.blocks:
        live = {register for edge in block.edges for register in live_in[edge.label]}
        kept: list[tuple[Step[str], tuple[int, ...]]] = []
        for step, origins in reversed(list(zip(block.steps, function.origins[block.label], strict=True))):
            wanted = live | _read_behind(step)
            destinations = tuple(register for register in step.destinations if register in wanted)
            if len(destinations) != len(step.destinations):
                step = replace(step, destinations=destinations)
            if not destinations and _does_nothing(step):
                dropped = True
                continue
            kept.append((step, origins))
            _before(step, live)
        kept.reverse()
        block.steps = [step for step, _ in kept]
        function.origins[block.label] = [origins for _, origins in kept]
    return dropped


def _does_nothing(step: Step[str]) -> bool:
    """Whether a step without destinations has no effect and constrains nothing."""
    if not step.operations:
        return True
    loads = len(step.operations) == 1 and step.operations[0].name == "MLOAD"
    return loads and step.free is DEFINED and not step.terms


def _read_behind(step: Step[str]) -> set[str]:
    """The registers that operations of the step read when its destinations are assigned: arguments and results."""
    return {register for operation in step.operations for register in operation.late}


def _before(step: Step[str], live: set[str]) -> None:
    """Change the live registers behind a step to those before it."""
    for operation in step.operations:
        live.difference_update(operation.fixed_results, operation.clobbers)
    live.update(_read_behind(step))
    live.difference_update(step.destinations)
    live.update(step.reads_anywhere())
    live.update("C" for term in step.terms if term.rotated)
    for operation in step.operations:
        live.update(register for register in operation.fixed if register not in operation.late)


def _live_registers(function: AllocatedFunction) -> dict[str, set[str]]:
    """The registers that are read before they are written, at the start of each block."""
    live: dict[str, set[str]] = {block.label: set() for block in function.blocks}
    changed = True
    while changed:
        changed = False
        for block in reversed(function.blocks):
            now = _through(block, {register for edge in block.edges for register in live[edge.label]})
            if now != live[block.label]:
                live[block.label] = now
                changed = True
    return live


def _through(block: MachineBlock[str], live: set[str]) -> set[str]:
    live = set(live)
    for step in reversed(block.steps):
        _before(step, live)
    return live
