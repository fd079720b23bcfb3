"""Short ways to write functions in steps, and their text."""

from __future__ import annotations

from zkwasm_compiler.lowering.allocate import allocate
from zkwasm_compiler.lowering.fuse import fuse
from zkwasm_compiler.machine.allocation import AllocatedFunction
from zkwasm_compiler.machine.allocation_checker import check_allocation
from zkwasm_compiler.machine.function import Edge, MachineBlock, MachineFunction
from zkwasm_compiler.machine.printer import print_step
from zkwasm_compiler.machine.step import (
    DEFINED,
    Operation,
    Slot,
    Step,
    Term,
    VirtualRegister,
    binary,
    jump,
    load,
    store,
)

PLACES = ("A", "B", "C", "D", "E")
CLOBBERS = ("A", "B", "C", "D", "E", "RCX", "HASHPOS", "RR")
RETURN_ADDRESS = VirtualRegister(0, hint="return")

Value = VirtualRegister


def values(names: str) -> list[Value]:
    """One value a name."""
    return [VirtualRegister(number, hint=name) for number, name in enumerate(names.split(), start=1)]


def constant(bits: int) -> Value:
    return VirtualRegister(0, bits)


def compute(result: Value, name: str, x: Value, y: Value) -> Step[Value]:
    return Step(free=DEFINED, destinations=(result,), operations=(binary(name, x, y),))


def add_constant(result: Value, x: Value, number: int) -> Step[Value]:
    return Step((Term(x),), number, destinations=(result,))


def branch(name: str, x: Value, *labels: str) -> Step[Value]:
    return Step((Term(x),), operations=(jump(name, *labels),))


def go(label: str) -> Step[Value]:
    return Step(operations=(jump("JMP", label),))


def give_back(*results: Value) -> Step[Value]:
    places = (*PLACES[: len(results)], "RR")
    return Step(operations=(Operation("RETURN", (*results, RETURN_ADDRESS), places),))


def call(label: str, arguments: list[Value], results: list[Value]) -> Step[Value]:
    places = PLACES[: len(results)]
    clobbers = tuple(name for name in CLOBBERS if name not in places)
    operation = Operation(
        "CALL", tuple(arguments), PLACES[: len(arguments)], tuple(results), places, clobbers, targets=(label,)
    )
    return Step(operations=(operation,))


def put(x: Value, index: int) -> Step[Value]:
    return Step((Term(x),), operations=(store(Slot("global", index)),))


def get(result: Value, index: int) -> Step[Value]:
    return Step(free=DEFINED, destinations=(result,), operations=(load(Slot("global", index)),))


def block(
    label: str,
    steps: list[Step[Value]],
    *edges: tuple[str, list[Value]],
    parameters: list[Value] | None = None,
    frequency: float = 1.0,
) -> MachineBlock[Value]:
    return MachineBlock(label, parameters or [], steps, [Edge(name, args) for name, args in edges], frequency)


def function(arguments: list[Value], *blocks: MachineBlock[Value]) -> MachineFunction[Value]:
    places: list[str | int] = [PLACES[n] if n < len(PLACES) else n - len(PLACES) for n in range(len(arguments))]
    return MachineFunction("f", list(blocks), arguments, places, RETURN_ADDRESS)


def allocated(before: MachineFunction[Value]) -> AllocatedFunction:
    """The function allocated, checked, fused and checked again."""
    after = allocate(before)
    check_allocation(before, after)
    fused = fuse(after)
    check_allocation(before, fused)
    return fused


def text(after: MachineFunction[str]) -> str:
    """Labels and steps, one a line."""
    lines = []
    for item in after.blocks:
        lines.append(f"{item.label}:")
        lines += [f"  {print_step(step, lambda slot: f'{slot.area}[{slot.index}]')}" for step in item.steps]
    return "\n".join(lines) + "\n"
