"""What fusion may and may not put into one step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.allocation.builders import text
from zkwasm_compiler.lowering.fuse import fuse
from zkwasm_compiler.machine.allocation import AllocatedFunction
from zkwasm_compiler.machine.function import MachineBlock
from zkwasm_compiler.machine.step import DEFINED, Advice, Operation, Slot, Step, Term, binary, jump, load, store

CELL, GLOBAL = Slot("frame", 0), Slot("global", 0)
RETURN = Step(operations=(Operation("RETURN", ("A", "RR"), ("A", "RR")),))
ADD = Step(free=DEFINED, destinations=("A",), operations=(binary("ADD", "A", "B"),))


def fused(*steps: Step[str]) -> list[str]:
    """The lines that remain of a function of one block; each step is its own origin."""
    origins = {"f": [(number,) for number in range(len(steps))]}
    function = AllocatedFunction("f", [MachineBlock("f", [], list(steps))], origins=origins)
    return [line.strip() for line in text(fuse(function)).splitlines()[1:]]


def put(register: str, slot: Slot) -> Step[str]:
    return Step((Term(register),), operations=(store(slot),))


def move(source: str, *goals: str) -> Step[str]:
    return Step((Term(source),), destinations=goals)


def test_a_store_goes_into_the_definition() -> None:
    assert fused(ADD, put("A", GLOBAL), RETURN) == ["$ => A :ADD, MSTORE(global[0]), RETURN"]


@pytest.mark.parametrize(("first", "second", "expected"), [(5, 9, 5), (None, 9, 9), (5, None, 5), (None, None, None)])
def test_a_fused_step_is_where_its_first_instruction_is(
    first: int | None, second: int | None, expected: int | None
) -> None:
    steps = [replace(ADD, offset=first), replace(put("A", GLOBAL), offset=second)]
    made = fuse(AllocatedFunction("f", [MachineBlock("f", [], steps)], origins={"f": [(0,), (1,)]}))
    assert [step.offset for step in made.steps()] == [expected]


def test_a_test_goes_into_the_definition() -> None:
    minus = Step((Term("A"),), -1, destinations=("A",))
    test = Step((Term("A"),), operations=(jump("JMPZ", "trap"),))
    assert fused(minus, test, RETURN) == ["A - 1 => A :JMPZ(trap)", ":RETURN"]


def test_the_definition_sinks_to_the_test() -> None:
    minus = Step((Term("A"),), -1, destinations=("A",))
    other = Step((Term("C"),), 7, destinations=("B",))
    test = Step((Term("A"),), operations=(jump("JMPZ", "trap"),))
    keep = Step(free=DEFINED, destinations=("A",), operations=(binary("SUB", "A", "B"),))
    assert fused(minus, other, test, keep, RETURN) == ["C + 7 => B", "A - 1 => A :JMPZ(trap)", "$ => A :SUB, RETURN"]


def test_a_constraint_does_not_sink_below_an_exit() -> None:
    checked = Step(free=Advice("x"), destinations=("A",), operations=(jump("JMPN", "fail"),))
    advice = Step(free=Advice("y"), destinations=("B",))
    leave = Step((Term("C"),), operations=(jump("JMPZ", "trap"),))
    test = Step((Term("B"),), operations=(jump("JMPN", "fail"),))
    assert fused(checked, advice, leave, test, RETURN) == [
        "${x} => A :JMPN(fail)",
        "${y} => B",
        "C :JMPZ(trap)",
        "B :JMPN(fail)",
        ":RETURN",
    ]


def test_a_store_does_not_pass_an_exit() -> None:
    leave = Step((Term("C"),), operations=(jump("JMPZ", "trap"),))
    assert fused(ADD, leave, put("A", GLOBAL), RETURN) == [
        "$ => A :ADD",
        "C :JMPZ(trap)",
        "A :MSTORE(global[0]), RETURN",
    ]


def test_the_definition_sinks_to_a_store_that_may_not_rise() -> None:
    read = Step(free=DEFINED, destinations=("C",), operations=(load(GLOBAL),))
    both = Step((Term("A"), Term("C")), destinations=("A",))
    assert fused(ADD, read, put("A", GLOBAL), both, RETURN) == [
        "$ => C :MLOAD(global[0])",
        "$ => A :ADD, MSTORE(global[0])",
        "A + C => A :RETURN",
    ]


def test_moves_go_into_the_definition_unless_the_goal_is_in_use() -> None:
    use = Step((Term("B"), Term("C")), destinations=("A",))
    assert fused(ADD, move("A", "C"), use, RETURN) == ["$ => C :ADD", "B + C => A :RETURN"]
    between = Step((Term("B"), Term("A")), 3, destinations=("D",))
    use = Step((Term("B"), Term("D")), destinations=("A",))
    assert fused(ADD, between, move("A", "B"), use, RETURN) == [
        "$ => A :ADD",
        "B + A + 3 => D",
        "A => B",
        "B + D => A :RETURN",
    ]


def test_equal_constants_are_made_once() -> None:
    five = Step(constant=5, destinations=("B",))
    other = Step((Term("B"), Term("D")), destinations=("A",))
    again = Step(constant=5, destinations=("C",))
    use = Step((Term("A"), Term("C")), destinations=("A",))
    assert fused(five, other, again, use, RETURN) == ["5 => B, C", "B + D => A", "A + C => A :RETURN"]


def test_what_nobody_reads_goes_unless_it_constrains() -> None:
    copy = Step((Term("A"),), 1, destinations=("B",))
    check = Step(free=DEFINED, destinations=("C",), operations=(binary("AND", "A", "B"),))
    dead = Step((Term("D"),), 9, destinations=("E",))
    assert fused(copy, check, dead, RETURN) == ["A + 1 => B", "$ :AND, RETURN"]


def test_a_return_address_is_not_loaded_by_the_step_that_returns() -> None:
    reload = Step(free=DEFINED, destinations=("RR",), operations=(load(CELL),))
    assert fused(reload, RETURN) == ["$ => RR :MLOAD(frame[0])", ":RETURN"]


def test_results_are_made_by_the_step_that_returns_behind_the_reload_of_the_address() -> None:
    reload = Step(free=DEFINED, destinations=("RR",), operations=(load(CELL),))
    assert fused(ADD, reload, RETURN) == ["$ => RR :MLOAD(frame[0])", "$ => A :ADD, RETURN"]
    for made in (
        Step((Term("RR"),), 1, destinations=("A",)),  # reads what the reload takes away
        Step(free=DEFINED, destinations=("A",), operations=(binary("ADD", "A", "B"), store(CELL))),
        Step(free=DEFINED, destinations=("A",), operations=(binary("ADD", "A", "B"), jump("JMPC", "trap", "next"))),
    ):
        assert len(fused(made, reload, RETURN)) == 3


def test_a_jump_joins_a_reload_of_something_else() -> None:
    tested = Step(free=DEFINED, destinations=("B",), operations=(binary("ADD", "A", "B"), jump("JMPC", "trap", "next")))
    reload = Step(free=DEFINED, destinations=("A",), operations=(load(CELL),))
    assert fused(tested, reload, RETURN)[1:] == ["$ => A :MLOAD(frame[0]), RETURN"]


def test_an_index_is_not_made_by_the_step_that_jumps_with_it() -> None:
    index = Step((Term("A"),), -4, destinations=("E",))
    table = Step(operations=(Operation("JMP", ("E",), ("E",), targets=("end",)),))
    assert fused(index, table) == ["A - 4 => E", ":JMP(@end + E)"]
    call = Step(operations=(Operation("CALL", ("E",), ("E",), ("B",), ("B",), ("RR",), targets=("table",)),))
    assert fused(index, call) == ["A - 4 => E", ":CALL(@table + E)"]


def test_arguments_of_a_call_may_be_made_by_the_step_that_calls() -> None:
    call = Step(operations=(Operation("CALL", ("A",), ("A",), ("A",), ("A",), ("B", "RR"), targets=("g",)),))
    assert fused(Step((Term("A"),), -1, destinations=("A",)), call, RETURN)[0] == "A - 1 => A :CALL(g)"


def test_nothing_joins_a_call_that_would_change_its_arguments() -> None:
    call = Operation("CALL", ("A", "B"), ("A", "B"), ("A",), ("A",), ("RR",), targets=("g",))
    first = Step(constant=5, destinations=("A",), operations=(call,))
    use = Step((Term("A"), Term("B")), destinations=("A",))
    assert fused(first, Step(constant=5, destinations=("B",)), use, RETURN)[:2] == ["5 => A :CALL(g)", "5 => B"]
