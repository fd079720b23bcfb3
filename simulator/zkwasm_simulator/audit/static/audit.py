"""The static audit: from each free input along all paths, then loose limbs through the whole program.

In comes an assembled program, compiled or hand-written; out goes a report. docs/decisions/0011-static-audit.md says
what counts as pinned and what is not seen. The order of work: `structure`, `values`, `paths` for each free input,
`flow`.
"""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.audit.report import Place
from zkwasm_simulator.audit.statement import Audited, audited
from zkwasm_simulator.audit.static.flow import ROW_0, Flow, Hit
from zkwasm_simulator.audit.static.paths import Summary, summary
from zkwasm_simulator.audit.static.report import Finding, StaticReport
from zkwasm_simulator.audit.static.structure import structure
from zkwasm_simulator.audit.static.values import values

Progress = Callable[[int, int], None]
"""Called as progress(done, all) with numbers of free inputs."""


def static_audit(program: Program, *, end: str | None = None, progress: Progress | None = None) -> StaticReport:
    """Look for free inputs of `program` that no constraint pins; `end` is the label where a run is over.

    *Raises:* ConfigurationError when the program has no end.
    """
    of = audited(program, end)
    shape = structure(of)
    known = values(shape)
    asked = [row for row in sorted(known) if of.rows[row].advice is not None and of.rows[row].free]
    asked = [row for row in asked if not of.is_wait(row) and not of.is_public_input(row)]
    summaries: dict[int, Summary] = {}
    for done, row in enumerate(asked):
        if progress is not None:
            progress(done, len(asked))
        summaries[row] = summary(shape, known, row)
    flow = Flow(shape, known, summaries)
    branches = {row: _branch(of, row, summaries[row]) for row in asked if summaries[row].branches}
    findings = [finding for finding in _reached(of, flow) if finding.register or finding.place.row not in branches]
    findings += branches.values()
    findings.sort(key=lambda finding: (finding.place.row, finding.register))
    declared = tuple(of.place(row) for row in sorted(known) if shape.declared(row))
    data = {kind: tuple(of.place(row) for row in asked if _is_data(of, row, kind)) for kind in ("private", "public")}
    name = program.file_name or "the program"
    return StaticReport(name, len(asked), tuple(findings), declared, data["private"], data["public"])


def _is_data(of: Audited, row: int, kind: str) -> bool:
    return row in of.data and of.data[row].kind == kind


def _branch(of: Audited, row: int, found: Summary) -> Finding:
    """A branch that the prover decides."""
    path = (of.place(row), *(of.place(branch) for branch in found.branches if branch != row))
    return Finding(of.place(row), (0,), "a branch, both ways of which lead to a proof", path)


def _reached(of: Audited, flow: Flow) -> list[Finding]:
    """For each row and register the sink that is reached by the shortest path."""
    hits: dict[tuple[int, str], list[tuple[list[int], Hit]]] = {}
    for hit in flow.hits():
        hits.setdefault((hit.source.row, hit.source.register), []).append((flow.path(hit), hit))
    findings = []
    for (row, register), paths in hits.items():
        path, nearest = min(paths, key=lambda found: (len(found[0]), found[1]))
        limbs = tuple(sorted({hit.source.limb for _, hit in paths}))
        places: tuple[Place, ...] = tuple(of.place(number) for number in path)
        findings.append(Finding(of.place(0 if row == ROW_0 else row), limbs, nearest.reaches, places, register))
    return findings
