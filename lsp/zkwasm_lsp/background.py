"""Work that takes longer than a reader waits: it runs in processes of its own and never on the typing path.

An answer counts only when the program is still the one that was asked about. Its findings are anchored to their lines.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkwasm_lsp.language.anchors import Anchor, AnchoredFinding, anchor_of_line, placed
from zkwasm_lsp.language.codes import Severity
from zkwasm_lsp.language.finding import Finding
from zkwasm_lsp.language.program import Program
from zkwasm_lsp.language.source import Chunk
from zkwasm_lsp.session import READ_ERRORS

if TYPE_CHECKING:
    from zkwasm_lsp.server import ZkasmServer

AUDIT_DELAY = 0.5
"""The seconds that a program without errors rests before it is audited."""

AUDIT_TIME = 120.0
"""The seconds after which an audit is given up."""


RUN_TIME = 60.0
"""The seconds after which a run is given up."""


class WorkerFailedError(Exception):
    """The process gave no answer."""


class Background:
    """The processes of one client and what they found."""

    def __init__(self, server: ZkasmServer) -> None:
        self._server = server
        self._audits: dict[Path, asyncio.Task[None]] = {}
        self._audited: dict[Path, Program] = {}
        self._unpinned: dict[Path, list[AnchoredFinding]] = {}
        self._failed: dict[Path, list[AnchoredFinding]] = {}
        self._counts: dict[Path, dict[Chunk, int]] = {}
        self._outcomes: dict[Path, dict[Chunk, dict[str, Any]]] = {}

    def findings(self, path: Path) -> list[Finding]:
        """What is known of a file whose lines are still the same."""
        known = (*self._unpinned.values(), *self._failed.values())
        entries = [entry for found in known for entry in found if entry.anchor.path == path]
        return placed(entries, self._server.session.source) if entries else []

    # Audits

    def audit(self, main: Path, found: dict[Path, list[Finding]]) -> None:
        """Audit a program whose findings are `found`, unless it has errors or was audited as it is."""
        session = self._server.session
        running = self._audits.pop(main, None)
        if running is not None:
            running.cancel()
        if not session.settings.audit or any(one.severity is Severity.ERROR for file in found.values() for one in file):
            return
        program = session.program(main, newest=True)
        if self._audited.get(main) is not program:
            self._audits[main] = self._server.start_task(self._audit(main, program))

    async def _audit(self, main: Path, program: Program) -> None:
        await asyncio.sleep(AUDIT_DELAY)
        try:
            answer = await self._ask("audit", program, AUDIT_TIME)
        except WorkerFailedError as error:
            self._server.log(f"the audit of {main.name} failed: {error}")
            return
        if not self._is_current(program):
            return
        self._audited[main] = program
        self._unpinned[main] = [_unpinned(program, entry) for entry in answer["findings"] if entry["line"] is not None]
        self._server.publisher.refresh(_open_file(self._server, program))

    # Runs

    async def run(self, path: Path, line: int | None = None, *, whole_program: bool = False) -> dict[str, Any]:
        """Run the assertions of the program of a file, or only that on a line of the file, counted from 0.

        *Raises:* WorkerFailedError; OSError, UnicodeError.
        """
        session = self._server.session
        program = session.program(path, newest=True)
        name = next((name for name, file in program.file_names.items() if file == path), path.name)
        only = None if line is None or whole_program else {"file": name, "line": line + 1}
        limit = session.settings.step_limit
        more = {"only": only, "whole_program": whole_program, "step_limit": limit}
        answer: dict[str, Any] = await self._ask("run", program, RUN_TIME, **more)
        if self._is_current(program):
            self._keep(program, answer, everything=only is None and not whole_program)
            self._server.publisher.refresh(path)
            self._refresh_views()
        return answer

    def _keep(self, program: Program, answer: dict[str, Any], *, everything: bool) -> None:
        """Remember what a run found, in place of what the same assertions found before."""
        main = program.main
        found: list[AnchoredFinding] = []
        outcomes: dict[Chunk, dict[str, Any]] = {}
        for entry in answer["runs"] if not answer["whole_program"] else ():
            anchor = _anchor(program, entry["file"], entry["line"])
            outcomes[anchor.chunk] = entry
            found += _failures(program, anchor, entry)
        if not everything:
            alive = {chunk for source in program.sources.values() for chunk in source.chunks}
            before = self._outcomes.get(main, {})
            found += [one for one in self._failed.get(main, []) if _chunk_of_run(one) not in outcomes]
            outcomes |= {chunk: one for chunk, one in before.items() if chunk in alive and chunk not in outcomes}
        self._failed[main], self._outcomes[main] = found, outcomes
        counts: dict[Chunk, int] = {}
        for entry in answer["counts"]:
            chunk = _anchor(program, entry["file"], entry["line"]).chunk
            counts[chunk] = counts.get(chunk, 0) + entry["count"]
        self._counts[main] = counts

    def count(self, chunk: Chunk) -> int | None:
        """How often the step of a line was executed in the last run of its program; None before a run."""
        return next((counts[chunk] for counts in self._counts.values() if chunk in counts), None)

    def outcome(self, chunk: Chunk) -> dict[str, Any] | None:
        """What the last run of the assertion of a line came to."""
        return next((found[chunk] for found in self._outcomes.values() if chunk in found), None)

    def _refresh_views(self) -> None:
        """Lenses and hints show what was run."""
        workspace = self._server.client_capabilities.workspace
        if workspace and workspace.code_lens and workspace.code_lens.refresh_support:
            self._server.workspace_code_lens_refresh(None)
        if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            self._server.workspace_inlay_hint_refresh(None)

    def _is_current(self, program: Program) -> bool:
        try:
            return self._server.session.program(program.main, newest=True) is program
        except READ_ERRORS:
            return False

    async def _ask(self, task: str, program: Program, seconds: float, **more: Any) -> Any:
        """The answer of a new process. *Raises:* WorkerFailedError."""
        texts = {str(path): source.text.text for path, source in program.sources.items()}
        dialect = program.machine.dialect.name
        request = {"task": task, "main": str(program.main), "texts": texts, "dialect": dialect, "seconds": seconds}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "zkwasm_lsp.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        sent = json.dumps(request | more).encode()
        try:
            answer, complaint = await asyncio.wait_for(process.communicate(sent), seconds)
        except TimeoutError:
            raise WorkerFailedError(f"no answer within {seconds:g} seconds") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise WorkerFailedError(complaint.decode(errors="replace").strip().rpartition("\n")[2] or "it was killed")
        return json.loads(answer)


def _open_file(server: ZkasmServer, program: Program) -> Path:
    return next((path for path in program.sources if server.session.project.is_open(path)), program.main)


def _failures(program: Program, anchor: Anchor, entry: dict[str, Any]) -> Iterator[AnchoredFinding]:
    """What is shown of a run that did not come to what it expects: at its line, and where it stopped."""
    if entry["passed"]:
        return
    fault = entry["fault"]
    related: tuple[tuple[Anchor, str], ...] = ()
    if fault is not None and fault["line"]:
        where = _anchor(program, fault["file"], fault["line"])
        message = f"{fault['kind']}: {fault['detail']} (registers: {entry['registers']})"
        yield AnchoredFinding(where, "trap", message, None, ((anchor, f"in the run of `{entry['text']}`"),))
        related = ((where, "stopped here"),)
    yield AnchoredFinding(anchor, "run_failed", "; ".join(entry["messages"]), None, related)


def _chunk_of_run(finding: AnchoredFinding) -> Chunk:
    """The line of the assertion that a finding is of."""
    return finding.anchor.chunk if finding.code == "run_failed" else finding.related[0][0].chunk


def _unpinned(program: Program, entry: dict[str, Any]) -> AnchoredFinding:
    anchor = _anchor(program, entry["file"], entry["line"])
    path = [(_anchor(program, step["file"], step["line"]), "on its way") for step in entry["path"][1:] if step["line"]]
    what = f"register {entry['register']} at row 0" if entry["register"] else "the free input"
    limbs = " and ".join(entry["limbs"])
    message = f"not pinned: the {limbs} of {what} reaches {entry['reaches']}, and the prover can choose it"
    if path:
        path[-1] = (path[-1][0], "where it matters")
    return AnchoredFinding(anchor, "free_input_unpinned", message, None, tuple(path))


def _anchor(program: Program, file: str, line: int) -> Anchor:
    path = program.file_names.get(file, program.main)
    return anchor_of_line(path, program.sources[path], line - 1)
