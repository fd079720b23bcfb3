"""Moves at once: random moves are executed, and the interesting ones are spelled out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from zkwasm_compiler.lowering.parallel_move import Move, parallel_move
from zkwasm_compiler.machine.legality import check_step
from zkwasm_compiler.machine.printer import print_step
from zkwasm_compiler.machine.step import Slot

REGISTERS = ("A", "B", "C", "D", "E")
CELLS = tuple(Slot("frame", number) for number in range(4))
SCRATCH = Slot("frame", 9)


def lines(moves: list[Move], free: str = "") -> list[str]:
    steps = parallel_move(moves, free, lambda: SCRATCH)
    return [print_step(step, lambda slot: f"{slot.area}[{slot.index}]") for step in steps]


def test_one_value_goes_everywhere_in_one_step() -> None:
    assert lines([Move("A", ("B", "C"), (CELLS[0],))]) == ["A => B, C :MSTORE(frame[0])"]


def test_a_move_waits_for_its_destination_to_be_read() -> None:
    assert lines([Move("A", ("B",)), Move("B", ("C",))]) == ["B => C", "A => B"]


def test_a_cycle_goes_through_a_free_register() -> None:
    assert lines([Move("A", ("B",)), Move("B", ("A",))], "D") == ["A => D", "B => A", "D => B"]


def test_a_cycle_without_a_free_register_goes_through_memory() -> None:
    assert lines([Move("A", ("B",)), Move("B", ("A",))]) == [
        "A :MSTORE(frame[9])",
        "B => A",
        "$ => B :MLOAD(frame[9])",
    ]


def test_a_cycle_with_a_further_destination_needs_nothing_else() -> None:
    assert lines([Move("A", ("B", "C")), Move("B", ("A",))]) == ["A => C", "B => A", "C => B"]


def test_cells_are_exchanged_through_registers() -> None:
    assert lines([Move(CELLS[0], (), (CELLS[1],)), Move(CELLS[1], (), (CELLS[0],))], "AB") == [
        "$ => A :MLOAD(frame[0])",
        "$ => B :MLOAD(frame[1])",
        "B :MSTORE(frame[0])",
        "A :MSTORE(frame[1])",
    ]


def test_a_cell_is_copied_without_a_free_register() -> None:
    assert lines([Move(CELLS[0], (), (CELLS[1],))]) == [
        "A :MSTORE(frame[9])",
        "$ => A :MLOAD(frame[0])",
        "A :MSTORE(frame[1])",
        "$ => A :MLOAD(frame[9])",
    ]


@st.composite
def moves_and_free(draw: st.DrawFn) -> tuple[list[Move], list[str]]:
    sources = draw(st.lists(st.sampled_from((*REGISTERS, *CELLS, 0, 2**40)), unique=True, max_size=8))
    owners = draw(st.lists(st.integers(0, 9), min_size=9, max_size=9))
    free = draw(st.lists(st.sampled_from(REGISTERS), unique=True))
    places = (*REGISTERS, *CELLS)
    moves = []
    for number, source in enumerate(sources):
        goals = [place for place, owner in zip(places, owners, strict=True) if owner == number and place != source]
        registers = tuple(place for place in goals if isinstance(place, str))
        moves.append(Move(source, registers, tuple(place for place in goals if isinstance(place, Slot))))
    written = {register for move in moves for register in move.registers}
    return moves, [name for name in free if name not in written]


@given(moves_and_free())
@settings(max_examples=300, deadline=None)
def test_random_moves(case: tuple[list[Move], list[str]]) -> None:
    moves, free = case
    counter = iter(range(100, 200))
    steps = parallel_move(moves, free, lambda: Slot("frame", next(counter)))
    state: dict[object, object] = {place: f"old {place}" for place in (*REGISTERS, *CELLS)}
    start = dict(state)
    for step in steps:
        check_step(step, "test")
        if step.terms:
            op = state[step.terms[0].register]
        elif step.free is not None:
            assert step.memory is not None
            op = state[step.memory.slot]
        else:
            op = step.constant if step.long_constant is None else step.long_constant
        state.update(dict.fromkeys(step.destinations, op))
        store = step.operation("MSTORE")
        if store is not None:
            state[store.slot] = op
    expected = dict(start)
    for move in moves:
        value = start.get(move.source, move.source)
        expected.update(dict.fromkeys((*move.registers, *move.cells), value))
    assert {place: state[place] for place in expected if place not in free} == {
        place: value for place, value in expected.items() if place not in free
    }
