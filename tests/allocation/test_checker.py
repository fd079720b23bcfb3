"""The checker must notice every damage that changes what an allocated function does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.allocation.builders import (
    PLACES,
    block,
    call,
    compute,
    constant,
    function,
    get,
    give_back,
    put,
    text,
    values,
)
from tests.allocation.execution import check_behaviour
from tests.allocation.generation import random_function
from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.lowering.allocate import allocate
from zkwasm_compiler.lowering.fuse import fuse
from zkwasm_compiler.machine.allocation import AllocatedFunction
from zkwasm_compiler.machine.allocation_checker import check_allocation
from zkwasm_compiler.machine.function import Edge, MachineBlock, MachineFunction
from zkwasm_compiler.machine.step import Slot, Step, Term, VirtualRegister, jump

Damaged = tuple[str, AllocatedFunction]


def copy_of(after: AllocatedFunction) -> AllocatedFunction:
    blocks = [
        MachineBlock(b.label, [], list(b.steps), [Edge(edge.label) for edge in b.edges], b.frequency)
        for b in after.blocks
    ]
    return replace(after, blocks=blocks, origins={label: list(o) for label, o in after.origins.items()})


def damages(after: AllocatedFunction) -> Iterator[Damaged]:
    """Copies of the function with one thing wrong."""
    for number, item in enumerate(after.blocks):
        for position, step in enumerate(item.steps):
            place = f"{item.label}[{position}]"
            if not after.origins[item.label][position] and step.jump is None:
                damaged = copy_of(after)
                del damaged.blocks[number].steps[position]
                del damaged.origins[item.label][position]
                yield f"{place}: dropped", damaged
            for what, other in wrong(step):
                damaged = copy_of(after)
                damaged.blocks[number].steps[position] = other
                yield f"{place}: {what}", damaged


def wrong(step: Step[str]) -> Iterator[tuple[str, Step[str]]]:
    for index, name in enumerate(step.destinations):
        other = PLACES[(PLACES.index(name) + 1) % 5] if name in PLACES else "A"
        if other not in step.destinations:
            changed = (*step.destinations[:index], other, *step.destinations[index + 1 :])
            yield f"{name} becomes {other}", replace(step, destinations=changed)
    for index, term in enumerate(step.terms):
        if term.register in PLACES and not term.rotated:
            other = PLACES[(PLACES.index(term.register) + 1) % 5]
            terms = (*step.terms[:index], replace(term, register=other), *step.terms[index + 1 :])
            yield f"{term.register} is read in {other}", replace(step, terms=terms)
    memory = step.memory
    if memory is not None and memory.slot is not None and memory.slot.area == "frame":
        moved = replace(memory, slot=Slot("frame", memory.slot.index + 1))
        operations = tuple(moved if operation is memory else operation for operation in step.operations)
        yield "another cell", replace(step, operations=operations)


@pytest.mark.parametrize("seed", range(12))
def test_damage_is_noticed_or_harmless(seed: int) -> None:
    """What the checker lets pass must behave as before, e.g. where two registers hold the same value."""
    before = random_function(seed, 3, 5)
    after = fuse(allocate(before))
    check_allocation(before, after)
    noticed = passed = 0
    for what, damaged in damages(after):
        try:
            check_allocation(before, damaged)
        except InternalError:
            noticed += 1
            continue
        passed += 1
        try:
            check_behaviour(before, damaged, seed)
        except (AssertionError, KeyError) as error:
            raise AssertionError(f"the checker let pass {what}:\n{text(damaged)}") from error
    assert noticed > passed


def refuse(before: MachineFunction[VirtualRegister], after: AllocatedFunction, message: str) -> None:
    with pytest.raises(InternalError, match=message):
        check_allocation(before, after)


def simple() -> tuple[MachineFunction[VirtualRegister], AllocatedFunction]:
    x, y, r, s = values("x y r s")
    before = function([x, y], block("f", [call("g", [x], [r]), compute(s, "SUB", r, y), give_back(s)]))
    return before, allocate(before)


def test_a_dropped_reload() -> None:
    before, after = simple()
    steps = after.blocks[0].steps
    position = next(n for n, step in enumerate(steps) if step.operation("MLOAD") and "B" in step.destinations)
    del steps[position], after.origins["f"][position]
    refuse(before, after, "SUB reads %y2 in B, which holds nothing")


def test_a_clobbered_return_address() -> None:
    before, after = simple()
    steps = after.blocks[0].steps
    position = next(n for n, step in enumerate(steps) if "RR" in step.destinations)
    del steps[position], after.origins["f"][position]
    refuse(before, after, "RETURN reads %return0 in RR, which holds nothing")


def test_a_missing_step() -> None:
    before, after = simple()
    position = after.origins["f"].index((0,))
    del after.blocks[0].steps[position], after.origins["f"][position]
    refuse(before, after, "is missing|reads")


def test_a_step_done_twice() -> None:
    before, after = simple()
    position = after.origins["f"].index((1,))
    after.blocks[0].steps.insert(position, after.blocks[0].steps[position])
    after.origins["f"].insert(position, (1,))
    refuse(before, after, "done twice|reads")


def test_another_constant() -> None:
    x, y = values("x y")
    before = function([x], block("f", [Step((Term(x),), 5, destinations=(y,)), give_back(y)]))
    after = allocate(before)
    after.blocks[0].steps[0] = replace(after.blocks[0].steps[0], constant=6)
    refuse(before, after, "constant is another one")


def test_exchanged_stores() -> None:
    x, y, z = values("x y z")
    before = function([x, y], block("f", [put(x, 0), put(y, 0), get(z, 0), give_back(z)]))
    after = allocate(before)
    steps, origins = after.blocks[0].steps, after.origins["f"]
    steps[0], steps[1], origins[0], origins[1] = steps[1], steps[0], origins[1], origins[0]
    refuse(before, after, "step 1 of the original is done before step 0")


def test_a_store_that_passes_an_exit() -> None:
    x = values("x")[0]
    trap: Step = Step((Term(x),), operations=(jump("JMPZ", "trap"),))
    before = function([x], block("f", [trap, put(x, 0), give_back(x)]))
    after = allocate(before)
    steps, origins = after.blocks[0].steps, after.origins["f"]
    steps[0], steps[1], origins[0], origins[1] = steps[1], steps[0], origins[1], origins[0]
    refuse(before, after, "is done before step 0")


def test_a_value_of_two_limbs_in_a_register_of_one() -> None:
    """Only what is known to be narrow survives there."""
    for narrow in (False, True):
        x, y = VirtualRegister(1, hint="x", narrow=narrow), VirtualRegister(2, hint="y")
        before = function([x], block("f", [Step((Term(x),), 5, destinations=(y,)), give_back(y)]))
        after = allocate(before)
        detour = [Step((Term("A"),), destinations=("RCX",)), Step((Term("RCX"),), destinations=("A",))]
        after.blocks[0].steps[:0] = detour
        after.origins["f"][:0] = [(), ()]
        if narrow:
            check_allocation(before, after)
        else:
            refuse(before, after, "the original reads %x1 here")


def test_an_edge_without_its_moves() -> None:
    x, y, p = values("x y p")
    before = function(
        [x, y],
        block("f", [Step((Term(x),), operations=(jump("JMPZ", "one", "two"),))], ("one", [x]), ("two", [])),
        block("two", [Step(operations=(jump("JMP", "one"),))], ("one", [y])),
        block("one", [give_back(p, constant(3))], parameters=[p]),
    )
    after = allocate(before)
    check_allocation(before, after)
    two = after.block("two")
    two.steps, after.origins["two"] = two.steps[-1:], after.origins["two"][-1:]
    refuse(before, after, "RETURN reads %p3 in A, which holds")


def test_a_step_that_the_machine_lacks() -> None:
    before, after = simple()
    position = after.origins["f"].index((1,))
    step = after.blocks[0].steps[position]
    after.blocks[0].steps[position] = replace(step, operations=(*step.operations, *step.operations))
    refuse(before, after, "the machine has no such step")
