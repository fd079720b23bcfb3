"""A forgery is accepted exactly when the public constraint system accepts it, and leads to the same state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.audit.recorded import Case, cases, forgeries
from zkwasm_simulator.audit import Verdict, forge, lying_prover
from zkwasm_simulator.field import PRIME
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS, Machine

TRIED = ("audit", "division", "initial", "mem_align")
FREE_BY_DESIGN = "only the low limb of a two-limb free input reaches SP"


def test_every_verdict(shared: Path) -> None:
    wrong = []
    for case in forgeries(shared):
        program = case.program
        run = forge(program, case.told(program), registers=case.registers)
        accepted = run.verdict is not Verdict.VIOLATED
        changed = run.verdict is Verdict.DIFFERENT
        chosen = bool(case.fields.get("input_choice"))
        if accepted != (case.fields["verdict"] == "accept") or (changed != case.unsound and not chosen):
            wrong.append((case.id, run.verdict, str(run.fault)))
    assert len(forgeries(shared)) > 200
    assert not wrong


def test_accepted_forgeries_lead_to_the_recorded_state(shared: Path) -> None:
    accepted = [case for case in forgeries(shared) if "forged_result" in case.fields]
    assert len(accepted) > 40
    for case in accepted:
        program = case.program
        run = forge(program, case.told(program), registers=case.registers, end="end")
        assert run.machine is not None, case.id
        assert _state(run.machine, run.step) == case.fields["forged_result"], case.id


def _state(machine: Machine, step: int) -> dict[str, Any]:
    """A state as it is recorded."""
    wide = {name: [str(limb % PRIME) for limb in machine.limbs(name)] for name in WIDE_REGISTERS}
    single = {name: str(getattr(machine, name)) for name in SINGLE_REGISTERS}
    cells = {str(cell % PRIME): [str(limb) for limb in machine.memory[cell]] for cell in sorted(machine.memory)}
    return {"step": step, **wide, **single, "memory": cells}


def _unsound(shared: Path) -> dict[str, Case]:
    """The programs that a recorded forgery breaks, by source."""
    return {case.source: case for case in cases(shared) if case.unsound}


def test_unsound_programs_are_found(shared: Path) -> None:
    for case in _unsound(shared).values():
        report = lying_prover(case.program, limit=3000)
        assert report.survivors, case.id
        if case.category in TRIED and case.tampers[0]["kind"] == "free_input":
            lines = {one.place.line for one in report.survivors}
            assert {one["line"] for one in case.tampers} & lines, (case.id, lines)


def test_sound_programs_are_not_accused(shared: Path) -> None:
    """All programs of these categories but one are either broken by a recorded forgery or sound."""
    unsound = _unsound(shared)
    tried = 0
    for case in cases(shared):
        note = case.fields.get("note") or ""
        if case.category not in TRIED or case.source in unsound or "executor_error" in case.fields:
            continue
        refused = case.fields["verdict"] == "reject" and not case.tampers
        if refused or FREE_BY_DESIGN in note:
            continue
        tried += 1
        report = lying_prover(case.program, limit=3000)
        assert not report.survivors, (case.id, report.survivors[0])
    assert tried > 20
