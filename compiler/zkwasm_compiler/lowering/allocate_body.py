"""What register allocation works on: a function with copies seen through, plain jumps removed and edges as objects.

In SSA a copy is the same value, so copies disappear here; constants are one value each. `Body` numbers the points of
the function: a block of n steps has the points 0..2n. Point 2i is before the gap in front of step i, where moves may be
inserted, point 2i + 1 is after it, just before step i reads, and 2n is the block's end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.machine.allocation import (
    NARROW_REGISTERS,
    VALUE_REGISTERS,
    copied,
    fits_one_limb,
    fold_constants,
)
from zkwasm_compiler.machine.frequencies import estimate_edges
from zkwasm_compiler.machine.function import MachineBlock, MachineFunction
from zkwasm_compiler.machine.step import Operation, Step, VirtualRegister, constant_register

COMMUTATIVE = frozenset({"ADD", "EQ", "AND", "OR", "XOR", "ARITH"})
"""Operations that may read A and B exchanged."""


@dataclass(eq=False, slots=True)
class BodyEdge:
    """An edge between blocks by number, with the arguments for the target's parameters."""

    source: int
    position: int
    target: int
    arguments: dict[VirtualRegister, VirtualRegister]
    expected: float
    frequency: float = 1.0

    def before(self, value: VirtualRegister) -> VirtualRegister:
        """What `value` of the target is called at the end of the source."""
        return self.arguments.get(value, value)


@dataclass(eq=False, slots=True)
class BodyStep:
    """A step and what allocation asks about it."""

    step: Step[VirtualRegister]
    origin: int
    fixed: dict[str, VirtualRegister]
    anywhere: list[VirtualRegister]
    defined: VirtualRegister | None
    carried: VirtualRegister | None
    """The value that the step's op is and so can put into any register: the one it defines, or one that it copies."""
    results: dict[str, VirtualRegister]
    clobbers: frozenset[str]
    commutes: bool
    stores: bool
    """Whether a store of the defined value fits into the step."""

    def changes(self, register: str) -> bool:
        """Whether operations put something else into `register`."""
        return register in self.results or register in self.clobbers

    def swap(self) -> None:
        """Exchange A and B."""
        self.fixed["A"], self.fixed["B"] = self.fixed["B"], self.fixed["A"]


@dataclass(eq=False, slots=True)
class BodyBlock:
    """A block; `jumps` says that its last step is a jump, so that nothing can be inserted behind it."""

    label: str
    parameters: list[VirtualRegister]
    steps: list[BodyStep]
    frequency: float
    expected: float
    jumps: bool
    outgoing: list[BodyEdge] = field(default_factory=list)
    incoming: list[BodyEdge] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The last point."""
        return 2 * len(self.steps)


class NarrowUse(Enum):
    """What the registers of one limb do for narrow values that are not wanted in a certain register."""

    NOTHING = "nothing"
    AS_OTHERS = "as others"
    FIRST = "first"


@dataclass(eq=False, slots=True)
class Body:
    """A function to allocate. `places` is where each argument arrives: a register or a frame slot. `wide` are narrow
    parameters with arguments that are not known to be narrow where they are made."""

    blocks: list[BodyBlock]
    places: dict[VirtualRegister, str | int]
    reserved_slots: frozenset[int]
    wide: frozenset[VirtualRegister]
    narrow: NarrowUse = NarrowUse.FIRST

    def is_narrow(self, value: VirtualRegister) -> bool:
        """Whether a register of one limb can hold the value."""
        return self.narrow is not NarrowUse.NOTHING and fits_one_limb(value) and value not in self.wide

    def registers_for(self, value: VirtualRegister) -> tuple[str, ...]:
        """The registers that can hold a value."""
        return (*VALUE_REGISTERS, *NARROW_REGISTERS) if self.is_narrow(value) else VALUE_REGISTERS

    def edges(self) -> Iterator[BodyEdge]:
        """All edges in the order of their sources."""
        for block in self.blocks:
            yield from block.outgoing


def body_of(function: MachineFunction[VirtualRegister], narrow: NarrowUse) -> Body:
    """Prepare `function` for allocation; blocks that cannot be reached stay out."""
    if function.blocks[0].parameters:
        raise InternalError(f"{function.name}: the entry block has parameters; arguments belong to the function")
    reached = _reachable(function)
    same = _copies(reached)
    numbers = {block.label: number for number, block in enumerate(reached)}
    blocks = [_block(block, same, numbers) for block in reached]
    for number, block in enumerate(reached):
        for position, edge in enumerate(block.edges):
            target = blocks[numbers[edge.label]]
            pairs = zip(reached[numbers[edge.label]].parameters, edge.args, strict=True)
            arguments = {parameter: same(arg) for parameter, arg in pairs if same(parameter) == parameter}
            body_edge = BodyEdge(number, position, numbers[edge.label], arguments, edge.expected)
            blocks[number].outgoing.append(body_edge)
            target.incoming.append(body_edge)
    taken = estimate_edges([b.frequency for b in blocks], [[edge.target for edge in b.outgoing] for b in blocks])
    for block_, frequencies in zip(blocks, taken, strict=True):
        for body_edge, frequency in zip(block_.outgoing, frequencies, strict=True):
            body_edge.frequency = frequency
    places: dict[VirtualRegister, str | int] = dict(zip(function.arguments, function.argument_places, strict=True))
    if function.return_address is not None:
        places[function.return_address] = "RR"
    return Body(blocks, places, _reserved(function), _wide(blocks), narrow)


def _wide(blocks: list[BodyBlock]) -> frozenset[VirtualRegister]:
    """The narrow parameters that have an argument which is not narrow: a register that is to hold the parameter may
    hold the argument before the edge that bounds it."""
    pairs = [pair for block in blocks for edge in block.outgoing for pair in edge.arguments.items() if pair[0].narrow]
    wide: set[VirtualRegister] = set()
    before = -1
    while before < len(wide):
        before = len(wide)
        wide.update(parameter for parameter, arg in pairs if arg in wide or not fits_one_limb(arg))
    return frozenset(wide)


class _Same:
    """Follows copies to the value that was copied."""

    def __init__(self) -> None:
        self.source: dict[VirtualRegister, VirtualRegister] = {}

    def __call__(self, register: VirtualRegister) -> VirtualRegister:
        while register.constant is None and register in self.source:
            register = self.source[register]
        return register if register.constant is None else constant_register(register.constant)


def _copies(blocks: list[MachineBlock[VirtualRegister]]) -> _Same:
    """Copies that steps make, and parameters of blocks that are entered by one edge only."""
    same = _Same()
    by_label = {block.label: block for block in blocks}
    entered = Counter(edge.label for block in blocks for edge in block.edges)
    for block in blocks:
        for step in block.steps:
            original = copied(step)
            names = step.destinations if original is not None else step.destinations[1:]
            for name in names:
                same.source[name] = original if original is not None else step.destinations[0]
        for edge in block.edges:
            target = by_label[edge.label]
            if len(edge.args) != len(target.parameters):
                raise InternalError(
                    f"{block.label}: the edge to {edge.label} has {len(edge.args)} arguments "
                    f"for {len(target.parameters)} parameters"
                )
            if entered[edge.label] == 1:
                same.source.update(zip(target.parameters, edge.args, strict=True))
    return same


def _reachable(function: MachineFunction[VirtualRegister]) -> list[MachineBlock[VirtualRegister]]:
    by_label = {block.label: block for block in function.blocks}
    reached = {function.blocks[0].label}
    work = [function.blocks[0]]
    while work:
        for edge in work.pop().edges:
            if edge.label not in by_label:
                raise InternalError(f"{function.name}: an edge goes to {edge.label}, which is no block")
            if edge.label not in reached:
                reached.add(edge.label)
                work.append(by_label[edge.label])
    return [block for block in function.blocks if block.label in reached]


def _block(block: MachineBlock[VirtualRegister], same: _Same, numbers: dict[str, int]) -> BodyBlock:
    steps: list[BodyStep] = []
    jumps = False
    for origin, original in enumerate(block.steps):
        step = original
        if origin == len(block.steps) - 1:
            step = without_plain_jump(original, numbers)
            jumps = step.jump is not None and (bool(step.jump.fixed) or any(t in numbers for t in step.jump.targets))
        step = _see_through(step, same)
        if step.operations or step.destinations:
            steps.append(_facts(step, origin, block.label))
    parameters = [parameter for parameter in block.parameters if same(parameter) == parameter]
    return BodyBlock(block.label, parameters, steps, block.frequency, block.expected, jumps)


def without_plain_jump(step: Step[VirtualRegister], labels: dict[str, int]) -> Step[VirtualRegister]:
    """The step without a `JMP` to a block of the function: the block's edge says the same."""
    kept = tuple(
        operation
        for operation in step.operations
        if not (operation.name == "JMP" and not operation.operands and operation.targets[0] in labels)
    )
    return step if len(kept) == len(step.operations) else replace(step, operations=kept)


def _see_through(step: Step[VirtualRegister], same: _Same) -> Step[VirtualRegister]:
    """The step with copies replaced by what they copy, without aliases among its destinations, constants summed up."""
    destinations = () if copied(step) is not None else step.destinations[:1]
    step = replace(step, destinations=destinations).map(same, lambda register: register)
    return fold_constants(step)


def _facts(step: Step[VirtualRegister], origin: int, label: str) -> BodyStep:
    fixed: dict[str, VirtualRegister] = {}
    for value, register in step.reads_fixed():
        if fixed.setdefault(register, value) != value:
            raise InternalError(f"{label}: step {origin} needs both {fixed[register]} and {value} in {register}")
    anywhere = [value for value in dict.fromkeys(step.reads_anywhere()) if value not in fixed.values()]
    jump = step.jump
    indexed = any(operation.fixed[:1] == ("E",) for operation in step.operations)
    return BodyStep(
        step,
        origin,
        fixed,
        anywhere,
        step.destinations[0] if step.destinations else None,
        step.destinations[0] if step.destinations else _carried(step),
        {register: value for value, register in step.writes_fixed()},
        frozenset(step.clobbers()),
        _commutes(step.operations) and fixed["A"] != fixed["B"],
        step.memory is None and not indexed and (jump is None or jump.name != "CALL"),
    )


def _carried(step: Step[VirtualRegister]) -> VirtualRegister | None:
    """What a step without destinations copies, if its op is anything at all: that of a bare CALL is not."""
    if not step.terms and all(operation.name in ("JMP", "CALL", "RETURN") for operation in step.operations):
        return None
    return copied(step)


def _commutes(operations: tuple[Operation[VirtualRegister], ...]) -> bool:
    pairs = [op for op in operations if "A" in op.fixed or "B" in op.fixed]
    return bool(pairs) and all(op.name in COMMUTATIVE and op.fixed[:2] == ("A", "B") for op in pairs)


def _reserved(function: MachineFunction[VirtualRegister]) -> frozenset[int]:
    """Frame slots that the function names itself."""
    return frozenset(
        operation.slot.index
        for step in function.steps()
        for operation in step.operations
        if operation.slot is not None and operation.slot.area == "frame"
    )
