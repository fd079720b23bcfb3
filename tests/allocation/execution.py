"""An interpreter of steps with opaque operations, for functions before and after allocation.

Values are pairs of limbs, an operation gives a hash of its name and operands, a test a bit of a hash.
Two functions are the same when what they show (stores, calls, tests, exits, constraints) agrees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zkwasm_compiler.machine.allocation import NARROW_REGISTERS
from zkwasm_compiler.machine.function import MachineBlock, MachineFunction
from zkwasm_compiler.machine.step import DEFINED, LIMB, Advice, Operation, Slot, Step, VirtualRegister

PRIME = 2**64 - 2**32 + 1
SMALL = "small"
"""How advice begins that fits in one limb."""
COMMUTATIVE = ("ADD", "EQ", "AND", "OR", "XOR")
Pair = tuple[int, int]
Event = tuple[Any, ...]


def digest(*parts: Any) -> int:
    """A field element that depends on the parts and on nothing else."""
    number = 1469598103934665603
    for byte in repr(parts).encode():
        number = (number ^ byte) * 1099511628211 % 2**64
    return number % PRIME


def opaque(*parts: Any) -> Pair:
    return digest(0, *parts), digest(1, *parts)


def sorted_operands(name: str, operands: list[Pair]) -> list[Pair]:
    """The operands in an order that does not depend on which of them is in A."""
    return [*sorted(operands[:2]), *operands[2:]] if name in (*COMMUTATIVE, "ARITH") else operands


class Machine:
    """The state of one run; `read` and `write` go to virtual or to real registers."""

    def __init__(
        self, function: MachineFunction[Any], read: Callable[[Any], Pair], write: Callable[[Any, Pair], None]
    ) -> None:
        self.function = function
        self.read = read
        self.write = write
        self.cells: dict[Slot, Pair] = {}
        self.shown: list[Event] = []
        self.steps = 0

    def op(self, step: Step[Any]) -> Pair:
        low, high = step.constant, 0
        if step.long_constant is not None:
            low, high = step.long_constant % LIMB, step.long_constant // LIMB
        for term in step.terms:
            limbs = self.read(term.register)
            low += term.coefficient * limbs[term.rotated]
            high += term.coefficient * limbs[not term.rotated]
        if step.free is not None:
            free = self.free(step)
            low, high = low + free[0], high + free[1]
        return low % PRIME, high % PRIME

    def free(self, step: Step[Any]) -> Pair:
        if isinstance(step.free, Advice) and step.free.text.startswith(SMALL):
            return digest(step.free.text, *map(self.read, step.free.operands)), 0
        if isinstance(step.free, Advice):
            return opaque(step.free.text, *map(self.read, step.free.operands))
        for operation in step.operations:
            if operation.name == "MLOAD":
                return self.cells[operation.slot]
            if operation.fixed == ("A", "B"):
                operands = [self.read(operand) for operand in operation.operands]
                return opaque(operation.name, sorted_operands(operation.name, operands))
        raise AssertionError(f"nothing defines $ in {step}")

    def operands(self, operation: Operation[Any], op: Pair, assigned: tuple[Any, ...]) -> list[Pair]:
        """What an operation reads, before the destinations are assigned."""
        return [self.read(operand) for operand in operation.operands]

    def forget(self, operation: Operation[Any]) -> None:
        """Lose what a call clobbers."""

    def run_step(self, step: Step[Any], block: MachineBlock[Any]) -> str | int | None:
        """Run one step; the label or, for a table, the number of the edge that it jumps to."""
        self.steps += 1
        op = self.op(step)
        read = {operation.name: self.operands(operation, op, step.destinations) for operation in step.operations}
        for destination in step.destinations:
            self.write(destination, op)
        target: str | int | None = None
        for operation in step.operations:
            operands = read[operation.name]
            match operation.name:
                case "MSTORE":
                    assert operation.slot is not None
                    self.cells[operation.slot] = op
                    if operation.slot.area != "frame":
                        self.shown.append(("store", operation.slot, op))
                case "MLOAD":
                    pass
                case "CALL":
                    self.shown.append(("call", operands))
                    self.forget(operation)
                    for number, result in enumerate(operation.results):
                        self.write(result, opaque("result", number, operands))
                case "RETURN":
                    self.shown.append(("return", operands))
                    target = "return"
                case "JMP":
                    target = digest("table", operands) % len(block.edges) if operation.fixed else operation.targets[0]
                case name if name.startswith("JMP"):
                    target = self.branch(operation, op, read) or target
                case name:
                    if step.free is not DEFINED:
                        self.shown.append(("constraint", name, sorted_operands(name, operands), op))
        return target

    def branch(self, operation: Operation[Any], op: Pair, read: dict[str, list[Pair]]) -> str | None:
        """The label that a conditional jump goes to; a check never fails, but shows what it checked."""
        tested: Any = op[0]
        if operation.name in ("JMPC", "JMPNC"):
            (binary,) = [name for name in read if name in (*COMMUTATIVE, "SUB", "LT", "SLT")]
            tested = sorted_operands(binary, read[binary])
        if "fail" in operation.targets:
            self.shown.append(("constraint", operation.name, tested))
            return next((target for target in operation.targets if target not in ("fail", "next")), None)
        kind = {"JMPNZ": "JMPZ", "JMPNC": "JMPC"}.get(operation.name, operation.name)
        outcome = bool(digest(kind, tested) >> 7 & 1)
        taken = outcome != (kind != operation.name)
        self.shown.append(("test", kind, outcome))
        target = operation.targets[0] if taken else (*operation.targets, "next")[1]
        return None if target == "next" else target

    def go_along(self, arguments: list[Any], block: MachineBlock[Any]) -> None:
        """Assign the parameters of the next block at once."""
        values = [self.read(argument) for argument in arguments]
        for parameter, value in zip(block.parameters, values, strict=True):
            self.write(parameter, value)


class VirtualMachine(Machine):
    """Runs `Step[VirtualRegister]`."""

    def __init__(self, function: MachineFunction[VirtualRegister]) -> None:
        self.values: dict[VirtualRegister, Pair] = {}
        super().__init__(function, self.get, self.values.__setitem__)

    def get(self, register: VirtualRegister) -> Pair:
        if register.constant is not None:
            return register.constant % LIMB, register.constant // LIMB
        return self.values[register]

    def arrive(self, arguments: list[Pair]) -> None:
        self.values.update(zip(self.function.arguments, arguments, strict=True))
        if self.function.return_address is not None:
            self.values[self.function.return_address] = (7, 0)


class RealMachine(Machine):
    """Runs `Step[str]`; a register or a cell that was not written cannot be read."""

    def __init__(self, function: MachineFunction[str]) -> None:
        self.registers: dict[str, Pair] = {}
        super().__init__(function, self.registers.__getitem__, self.put)

    def put(self, register: str, value: Pair) -> None:
        """Write a register; one of one limb keeps the low one."""
        self.registers[register] = (value[0], 0) if register in NARROW_REGISTERS else value

    def arrive(self, arguments: list[Pair]) -> None:
        for place, value in zip(self.function.argument_places, arguments, strict=True):
            if isinstance(place, int):
                self.cells[Slot("frame", place)] = value
            else:
                self.registers[place] = value
        self.registers["RR"] = (7, 0)

    def operands(self, operation: Operation[Any], op: Pair, assigned: tuple[Any, ...]) -> list[Pair]:
        """Arguments and results are read behind the assignment of the same step, except the return address."""
        late = operation.name in ("CALL", "RETURN")
        return [op if late and name in assigned and name != "RR" else self.registers[name] for name in operation.fixed]

    def forget(self, operation: Operation[Any]) -> None:
        for name in operation.clobbers:
            self.registers.pop(name, None)


def run(machine: VirtualMachine | RealMachine, arguments: list[Pair], originals: set[str], limit: int) -> list[Event]:
    """What the function shows when it runs over at most `limit` of the `originals` blocks."""
    blocks = {block.label: block for block in machine.function.blocks}
    machine.arrive(arguments)
    block = machine.function.blocks[0]
    visits = 0
    while True:
        target: str | int | None = None
        for step in block.steps:
            target = machine.run_step(step, block)
            if target is not None and target not in blocks and not isinstance(target, int):
                machine.shown.append(("exit", target))
                return machine.shown
        if isinstance(target, int):
            edge = block.edges[target]
        elif target is None:
            (edge,) = block.edges
        else:
            edge = next(edge for edge in block.edges if edge.label == target)
        block = blocks[edge.label]
        machine.go_along(edge.args, block)
        visits += block.label in originals
        if visits > limit:
            return machine.shown


def in_order(shown: list[Event]) -> tuple[list[Event], list[str]]:
    """What was shown, with all that may change places sorted: stores between other events, and all constraints."""
    result: list[Event] = []
    stores: list[Event] = []
    for event in [event for event in shown if event[0] != "constraint"]:
        if event[0] == "store":
            stores.append(event)
            continue
        result += [*sorted(stores, key=lambda store: store[1].index), event]
        stores = []
    return result + sorted(stores, key=lambda store: store[1].index), sorted(
        repr(event) for event in shown if event[0] == "constraint"
    )


def check_behaviour(before: MachineFunction[VirtualRegister], after: MachineFunction[str], seed: int) -> None:
    """Run both functions on the same arguments and compare."""
    arguments = [opaque("argument", seed, number) for number in range(len(before.arguments))]
    originals = {block.label for block in before.blocks}
    expected = run(VirtualMachine(before), arguments, originals, 40)
    assert in_order(run(RealMachine(after), arguments, originals, 40)) == in_order(expected)
