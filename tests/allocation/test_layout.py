"""Laid-out functions run as the allocated ones do, and their jumps cost nothing where a step can carry them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.allocation.builders import add_constant, allocated, block, branch, constant, function, give_back, go, values
from tests.allocation.execution import Event, RealMachine, VirtualMachine, in_order, opaque, run
from tests.allocation.generation import random_function
from zkwasm_compiler.lowering.allocate import allocate
from zkwasm_compiler.lowering.fuse import fuse
from zkwasm_compiler.lowering.layout import Label, layout
from zkwasm_compiler.machine.function import Edge, MachineBlock
from zkwasm_compiler.machine.legality import check_step
from zkwasm_compiler.machine.printer import print_step
from zkwasm_compiler.machine.step import Step

Items = list[Label | Step[str]]


def lines(items: Items) -> list[str]:
    return [
        f"{item.name}:" if isinstance(item, Label) else print_step(item, lambda slot: f"{slot.area}[{slot.index}]")
        for item in items
    ]


def run_flat(machine: RealMachine, items: Items, arguments: list[tuple[int, int]], limit: int) -> list[Event]:
    """What the list shows in at most `limit` steps: jumps go to labels, tables to the rows before theirs."""
    places = {item.name: number for number, item in enumerate(items) if isinstance(item, Label)}
    machine.arrive(arguments)
    position = 0
    for _ in range(limit):
        while isinstance(items[position], Label):
            position += 1
        step = items[position]
        assert isinstance(step, Step)
        table: MachineBlock[str] = MachineBlock("")
        jump, end = step.operation("JMP"), 0
        if jump is not None and jump.fixed:
            end = places[jump.targets[0]]
            table.edges = [Edge("") for _ in range(end - position - 1)]
        target = machine.run_step(step, table)
        if isinstance(target, int):
            position = end - len(table.edges) + target
        elif target is None:
            position += 1
        elif target in places:
            position = places[target]
        else:
            machine.shown.append(("exit", target))
            break
    return machine.shown


@given(seed=st.integers(0, 10**9), blocks=st.integers(1, 9), steps=st.integers(0, 6))
@settings(max_examples=120, deadline=None)
def test_random_functions_run_as_before(seed: int, blocks: int, steps: int) -> None:
    before = random_function(seed, blocks, steps)
    after = fuse(allocate(before))
    items = layout(after).items
    for item in items:
        if isinstance(item, Step):
            check_step(item, "layout")
    arguments = [opaque("argument", seed, number) for number in range(len(before.arguments))]
    expected = run(VirtualMachine(before), arguments, {item.label for item in before.blocks}, 25)
    found = run_flat(RealMachine(after), items, arguments, 2000)
    visible = [event for event in found if event[0] != "constraint"]
    wanted = [event for event in expected if event[0] != "constraint"]
    if wanted and wanted[-1][0] in ("exit", "return"):
        assert in_order(found) == in_order(expected)
    else:  # the run was cut in a loop: stores of the last stretch may be in another order
        settled = max((n for n, event in enumerate(wanted) if event[0] != "store"), default=0)
        assert in_order(visible[:settled])[0] == in_order(wanted[:settled])[0]


def test_a_loop_takes_no_step_for_its_jumps() -> None:
    n, i, j = values("n i j")
    before = function(
        [n],
        block("f", [go("head")], ("head", [n])),
        block("head", [branch("JMPZ", i, "done", "body")], ("done", []), ("body", []), parameters=[i], frequency=10.0),
        block("body", [add_constant(j, i, -1), go("head")], ("head", [j]), frequency=10.0),
        block("done", [give_back(constant(7))]),
    )
    assert lines(layout(allocated(before)).items) == [
        "f:",
        "head:",
        "A :JMPNZ(body)",
        "7 => A :RETURN",
        "body:",
        "A - 1 => A :JMP(head)",
    ]
