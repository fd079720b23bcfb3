"""Frames on the stack: claimed at every call, given up at every end, and moved where that takes the fewest steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.allocation.builders import (
    add_constant,
    allocated,
    block,
    branch,
    call,
    constant,
    function,
    give_back,
    go,
    text,
    values,
)
from tests.allocation.generation import random_function
from zkwasm_compiler.lowering.allocate import allocate
from zkwasm_compiler.lowering.fuse import fuse
from zkwasm_compiler.lowering.stack_frames import STACK, claim_frames
from zkwasm_compiler.machine.frequencies import expect
from zkwasm_compiler.machine.function import MachineBlock, MachineFunction
from zkwasm_compiler.machine.step import Slot, Step
from zkwasm_compiler.runtime.frames import CELLS_BEHIND

ON_STACK = frozenset({"g"})
Function = MachineFunction[str]


def recursive(before: Function) -> Function:
    return replace(before, recursive=True, frame_size=max(before.frame_size, 1))


def framed(before, expected: str) -> None:
    expect(before)
    assert text(claim_frames(recursive(allocated(before)), ON_STACK)) == dedent(expected).lstrip()


def test_a_way_without_calls_claims_nothing() -> None:
    x, r = values("x r")
    framed(
        function(
            [x],
            block("f", [branch("JMPZ", x, "leaf", "deep")], ("leaf", []), ("deep", [])),
            block("leaf", [give_back(x)]),
            block("deep", [call("g", [x], [r]), give_back(r)]),
        ),
        """
        f:
          A :JMPZ(leaf, deep)
        leaf:
          :RETURN
        deep:
          SP + 1 => SP :JMPN(next, trap_call_stack_exhausted)
          RR :MSTORE(stack[-1]), CALL(g)
          $ => RR :MLOAD(stack[-1])
          SP - 1 => SP :RETURN
        """,
    )


def test_a_loop_of_calls_claims_before_it() -> None:
    n, m, r = values("n m r")
    framed(
        function(
            [n],
            block("f", [go("again")], ("again", [n])),
            block(
                "again",
                [call("g", [m], [r]), branch("JMPNZ", r, "again", "end")],
                ("again", [r]),
                ("end", []),
                parameters=[m],
                frequency=10.0,
            ),
            block("end", [give_back(constant(3))]),
        ),
        """
        f:
          RR :MSTORE(stack[0]), JMP(f_to_again)
        f_to_again:
          SP + 1 => SP :JMPN(again, trap_call_stack_exhausted)
        again:
          :CALL(g)
          A :JMPNZ(again, again_to_end)
        again_to_end:
          SP - 1 => SP :JMP(end)
        end:
          $ => RR :MLOAD(stack[0])
          3 => A :RETURN
        """,
    )


def test_what_uses_no_stack_is_called_without_a_frame() -> None:
    x, r, s = values("x r s")
    steps = [call("h", [x], [r]), add_constant(s, r, 1), give_back(s)]
    framed(
        function([x], block("f", steps)),
        """
        f:
          RR :MSTORE(stack[0]), CALL(h)
          $ => RR :MLOAD(stack[0])
          A + 1 => A :RETURN
        """,
    )


def test_a_frame_larger_than_the_room_behind_the_stack_is_claimed_at_once() -> None:
    x, r = values("x r")
    before = allocated(
        function(
            [x],
            block("f", [branch("JMPZ", x, "leaf", "deep")], ("leaf", []), ("deep", [])),
            block("leaf", [give_back(x)]),
            block("deep", [call("g", [x], [r]), give_back(r)]),
        )
    )
    for size, claimed in ((CELLS_BEHIND, False), (CELLS_BEHIND + 1, True)):
        first = claim_frames(replace(before, recursive=True, frame_size=size), ON_STACK).blocks[0].steps[0]
        assert ("SP" in first.destinations) == claimed


# Random functions


def is_move(step: Step[str]) -> bool:
    return "SP" in step.destinations


def followed(after: Function, before: Function) -> Iterator[tuple[str, int, list[Step[str]]]]:
    """For each block of `before` how far SP is moved at its start, and the steps as they were before, on the way."""
    blocks = {item.label: item for item in after.blocks}
    known = {item.label for item in before.blocks}
    depths = {after.blocks[0].label: 0}
    work = [after.blocks[0].label]
    while work:
        label = work.pop()
        depth, found = depths[label], []
        for step in blocks[label].steps:
            last = step.jump
            if is_move(step):
                assert [term.register for term in step.terms] == ["SP"]
                depth += step.constant
                assert depth in (0, before.frame_size)
                if step.constant > 0:
                    assert last is not None
                    assert (last.name, last.targets[1:]) == ("JMPN", ("trap_call_stack_exhausted",))
                    continue
                if last is None:
                    continue
                step = replace(step, terms=(), constant=0, destinations=())
            if last is not None and last.name == "CALL" and last.targets[0] in ON_STACK:
                assert depth == before.frame_size
            if last is not None and last.leaves:
                assert depth == 0
            operations = [
                replace(item, slot=Slot("frame", item.slot.index + depth))
                if item.slot and item.slot.area == STACK
                else item
                for item in step.operations
            ]
            found.append(replace(step, operations=tuple(operations)))
        if label in known:
            yield label, depths[label], found
        for edge in blocks[label].edges:
            if edge.label not in depths:
                depths[edge.label] = depth
                work.append(edge.label)
            assert depths[edge.label] == depth


def through(block_: MachineBlock[str], after: Function, before: Function) -> list[str]:
    """Where the edges of a block lead, past blocks that were not there before."""
    blocks = {item.label: item for item in after.blocks}
    known = {item.label for item in before.blocks}
    return [edge.label if edge.label in known else blocks[edge.label].edges[0].label for edge in block_.edges]


@given(seed=st.integers(0, 10**9), blocks=st.integers(1, 9), steps=st.integers(0, 6))
@settings(max_examples=150, deadline=None)
def test_random_functions_do_what_they_did(seed: int, blocks: int, steps: int) -> None:
    before = recursive(fuse(allocate(random_function(seed, blocks, steps))))
    after = claim_frames(before, ON_STACK)
    later = {item.label: item for item in after.blocks}
    seen = set()
    for label, _, found in followed(after, before):
        old = before.block(label)
        names = dict(zip([e.label for e in later[label].edges], [e.label for e in old.edges], strict=True))
        assert [step.retarget(lambda name, names=names: names.get(name, name)) for step in found] == old.steps
        assert through(later[label], after, before) == [edge.label for edge in old.edges]
        seen.add(label)
    assert seen == {item.label for item in before.blocks}


def price(before: Function, starts: tuple[bool, ...], ends: tuple[bool, ...]) -> float:
    """The steps that move SP, if the frame is claimed at these starts and ends of blocks."""
    numbers = {item.label: number for number, item in enumerate(before.blocks)}
    total = before.blocks[0].expected * starts[0]
    for number, item in enumerate(before.blocks):
        calls = any(step.jump is not None and step.jump.name == "CALL" for step in item.steps)
        if calls:
            total += item.expected * ((not starts[number]) + (not ends[number]))
        elif starts[number] != ends[number]:
            return float("inf")
        last = item.steps[-1] if item.steps else Step[str]()
        if last.jump is not None and last.jump.leaves and ends[number]:
            total += item.expected * (len(last.operations) > 1 or bool(last.destinations))
        total += sum(edge.expected * (ends[number] != starts[numbers[edge.label]]) for edge in item.edges)
    return total


@given(seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_no_other_places_take_fewer_steps(seed: int) -> None:
    selected = random_function(seed, 3, 3)
    expect(selected)
    before = recursive(fuse(allocate(selected)))
    if len(before.blocks) > 6:
        return
    after = claim_frames(before, ON_STACK)
    moved = 0.0
    for item in after.blocks:
        for step in item.steps:
            moved += item.expected * (is_move(step) and not (step.jump is not None and step.jump.leaves))
    ways = list(product((False, True), repeat=len(before.blocks)))
    assert moved == pytest.approx(min(price(before, starts, ends) for starts in ways for ends in ways), abs=1e-6)
