"""A function in steps: blocks with parameters, the shape that selection makes and allocation fills with registers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic

from zkwasm_compiler.machine.step import R, Step


@dataclass(eq=False, slots=True)
class Edge(Generic[R]):
    """Control going to the block labelled `label`, with the arguments for its parameters. `expected` is how often, for
    each call."""

    label: str
    args: list[R] = field(default_factory=list)
    expected: float = 1.0


@dataclass(eq=False, slots=True)
class MachineBlock(Generic[R]):
    """Steps that run in order. Only the last step may jump to a block of the function; `edges` are its targets, in the
    order in which the step names their labels.

    Side exits (to a trap or to the unprovable place) are jumps to labels that are no block's, anywhere in the block.
    A computed jump (`JMP` with an operand in E) has one edge a table entry: the table of `JMP`s ends at its label.

    `expected` is how often the block runs, for each call; `frequency` the same if both arms of each branch did: blocks
    of a loop have one frequency, by which their demands for registers are served.
    """

    label: str
    parameters: list[R] = field(default_factory=list)
    steps: list[Step[R]] = field(default_factory=list)
    edges: list[Edge[R]] = field(default_factory=list)
    frequency: float = 1.0
    expected: float = 1.0


@dataclass(eq=False, slots=True)
class MachineFunction(Generic[R]):
    """One function; the entry block is the first and has no incoming edge.

    `arguments[i]` arrives in `argument_places[i]`: a register name or a `frame` slot. The return address arrives in RR,
    as `return_address`; a RETURN reads it as an operand fixed in RR. `recursive` functions keep their frame on the
    stack at SP, others in cells of their own. `frame_size` counts the frame's cells.
    """

    name: str
    blocks: list[MachineBlock[R]] = field(default_factory=list)
    arguments: list[R] = field(default_factory=list)
    argument_places: list[str | int] = field(default_factory=list)
    return_address: R | None = None
    recursive: bool = False
    frame_size: int = 0

    def block(self, label: str) -> MachineBlock[R]:
        """The block labelled `label`."""
        return next(block for block in self.blocks if block.label == label)

    def steps(self) -> Iterator[Step[R]]:
        """All steps, block by block."""
        for block in self.blocks:
            yield from block.steps


def fresh_label(name: str, taken: set[str]) -> str:
    """A label like `name` that is not taken yet; it is from now on."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
