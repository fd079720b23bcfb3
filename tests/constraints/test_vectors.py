"""The constraint checker says what the public constraint system says of every recorded trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.recorded import Case, cases
from zkwasm_simulator import PublicInputs
from zkwasm_simulator.constraints import Statement, Trace, Violation, check, record, record_forged
from zkwasm_simulator.field import Limbs
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS

CASES = {
    "honest": 19, "binary": 43, "limb": 8, "memory": 20, "arith": 17, "division": 8, "mem_align": 18, "assert": 5,
    "jump": 24, "state": 17, "rom": 16, "unused": 6, "disagree": 2, "wrap": 12, "initial": 8, "public": 11,
    "audit": 80, "random": 129,
}  # fmt: skip
"""Recorded cases a category."""

CLASSES_THAT_DIFFER = {
    "constraints64-random-064": ("register transition", "the run never ends; registers that row 0 takes over from it"),
    "constraints64-random-095": ("register transition", "are all of the class cyclic wrap here"),
}
"""Recorded classes that the checker does not name beside the others, and why."""


def _final_registers(trace: Trace) -> dict[str, int | Limbs]:
    wide = {name: (trace.main[f"{name}0"][0], trace.main[f"{name}1"][0]) for name in WIDE_REGISTERS}
    return {**wide, **{name: trace.main[name][0] for name in SINGLE_REGISTERS}}


def _trace(case: Case) -> Trace:
    """The trace of the case; honest runs are those of the executor."""
    told, registers, rows = case.told(case.program), case.registers, case.fields["rows"]
    if told or registers or "executor_error" in case.fields:
        trace = record_forged(case.executed, told, registers=registers, rows=rows)
    else:
        trace = record(case.executed, rows=rows)
    if case.fields["options"]["final"] == "cyclic":
        trace = record_forged(case.executed, told, registers=_final_registers(trace), rows=rows)
    for column, row, value in case.cells:
        trace.put(column, row, value)
    return trace


def _violations(case: Case) -> list[Violation]:
    forced = case.fields["options"]["publics"] == "input"
    return check(_trace(case), case.program, Statement.of(PublicInputs()) if forced else None)


@pytest.mark.parametrize("category", CASES)
def test_every_case(shared: Path, category: str) -> None:
    wrong, differing = [], set()
    tried = [case for case in cases(shared) if case.category == category]
    for case in tried:
        found = list(dict.fromkeys(violation.constraint.value for violation in _violations(case)))
        main, every = case.fields.get("violated"), set(case.fields.get("violated_all", ()))
        if bool(found) != (case.fields["verdict"] == "reject") or (found[0] if found else None) != main:
            wrong.append((case.id, found, main))
        if {*found} != every:
            name, _ = CLASSES_THAT_DIFFER.get(case.id, (None, ""))
            assert {*found} == every - {name}, (case.id, found)
            differing.add(case.id)
    assert len(tried) == CASES[category]
    assert not wrong
    assert differing == {case.id for case in tried if case.id in CLASSES_THAT_DIFFER}


def test_all_categories_are_run(shared: Path) -> None:
    assert len(cases(shared)) == sum(CASES.values()) == 443
