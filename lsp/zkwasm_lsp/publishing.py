"""When diagnostics are made, and to whom they are sent.

A change starts a timer; when the text has rested, the program is analysed and what has changed is sent. A client that
asks for diagnostics gets those of the files it has open by asking, and is told to ask again when other files change
them. Findings of the work beside the server (`Background`) are added where their lines are still the same.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from zkwasm_lsp.language.codes import CODES, Severity
from zkwasm_lsp.language.finding import Finding
from zkwasm_lsp.session import READ_ERRORS

if TYPE_CHECKING:
    from zkwasm_lsp.server import ZkasmServer

LIMIT = 500
"""The most diagnostics of a file that are sent."""

SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}
SOURCE = "zkwasm"


class Publisher:
    """The diagnostics of one client."""

    def __init__(self, server: ZkasmServer) -> None:
        self._server = server
        self._timers: dict[Path, asyncio.TimerHandle] = {}
        self._changed: dict[Path, float] = {}
        self._sent: dict[Path, list[types.Diagnostic]] = {}
        self._files: dict[Path, set[Path]] = {}

    def schedule(self, path: Path, delay: float | None = None) -> None:
        """Look at the program of a file when its text has rested for `delay` seconds (None: as it is set)."""
        if delay is None:
            delay = self._server.session.settings.delay / 1000
            self._changed[path] = time.monotonic()
        timer = self._timers.pop(path, None)
        if timer is not None:
            timer.cancel()
        self._timers[path] = asyncio.get_running_loop().call_later(delay, self._look, path)

    async def rested(self, path: Path) -> None:
        """Wait until nobody types in a file."""
        while True:
            delay = self._server.session.settings.delay / 1000
            left = self._changed.get(path, 0) + delay - time.monotonic()
            if left <= 0:
                return
            await asyncio.sleep(left)

    def closed(self, path: Path) -> None:
        """A file was closed: nothing of it is shown, and its program may have changed."""
        timer = self._timers.pop(path, None)
        if timer is not None:
            timer.cancel()
        self._changed.pop(path, None)
        self._send(path, [])
        for other in self._server.session.project.open_paths:
            self.schedule(other, 0)
        self._forget_closed_programs()

    def refresh(self, path: Path) -> None:
        """Send what is known of the program of a file, as something that runs beside the server has found more."""
        self._look(path)

    def diagnostics(self, path: Path) -> list[types.Diagnostic]:
        """What is wrong with a file, most important first if there is too much of it."""
        session = self._server.session
        try:
            found = [*session.findings(path).get(path, []), *self._server.background.findings(path)]
            return self._shown(path, found)
        except READ_ERRORS:
            return []

    def _look(self, path: Path) -> None:
        self._timers.pop(path, None)
        session = self._server.session
        if not session.project.is_open(path):
            return
        try:
            found = session.findings(path)
        except READ_ERRORS:
            return
        main = session.project.main_of(path)
        asks = self._client_asks()
        ask_again = False
        for file in {*found, *self._files.get(main, set())}:
            shown = self._shown(file, [*found.get(file, []), *self._server.background.findings(file)])
            if asks and session.project.is_open(file):
                ask_again = ask_again or self._sent.get(file, []) != shown
                self._sent[file] = shown
            else:
                self._send(file, shown)
        self._files[main] = set(found)
        if ask_again and asks:
            self._ask_to_pull()
        self._server.background.audit(main, found)

    def _shown(self, path: Path, found: list[Finding]) -> list[types.Diagnostic]:
        severities = self._server.session.settings.severity
        kept = [(one, severity) for one in found if (severity := severities(one.code, one.severity)) is not None]
        if len(kept) > LIMIT:
            order = list(Severity)
            kept = sorted(kept, key=lambda entry: order.index(entry[1]))[:LIMIT]
        kept.sort(key=lambda entry: (entry[0].start, entry[0].end))
        return [self._diagnostic(path, one, severity) for one, severity in kept]

    def _diagnostic(self, path: Path, finding: Finding, severity: Severity) -> types.Diagnostic:
        session = self._server.session
        code = CODES[finding.code]
        places = session.places
        related = [
            types.DiagnosticRelatedInformation(
                places.location(one.path, session.text(one.path), one.start, one.end), one.message
            )
            for one in finding.related
        ]
        return types.Diagnostic(
            range=places.range(session.text(path), finding.start, finding.end),
            message=finding.message,
            severity=SEVERITIES[severity],
            code=finding.code,
            code_description=types.CodeDescription(code.link),
            source=SOURCE,
            tags=[types.DiagnosticTag.Unnecessary] if code.faded else None,
            related_information=related or None,
        )

    # Sending

    def _client_asks(self) -> bool:
        document = self._server.client_capabilities.text_document
        return document is not None and document.diagnostic is not None

    def _ask_to_pull(self) -> None:
        workspace = self._server.client_capabilities.workspace
        if workspace and workspace.diagnostics and workspace.diagnostics.refresh_support:
            self._server.workspace_diagnostic_refresh(None)

    def _send(self, path: Path, shown: list[types.Diagnostic]) -> None:
        session = self._server.session
        if path not in session.versions and not shown and not self._sent.get(path):
            return
        version = session.versions.get(path)
        if shown == self._sent.get(path) and path not in session.versions:
            return
        self._sent[path] = shown
        params = types.PublishDiagnosticsParams(session.places.uri(path), shown, version)
        self._server.text_document_publish_diagnostics(params)

    def _forget_closed_programs(self) -> None:
        """Take back what was sent of programs without an open file."""
        session = self._server.session
        mains = set(session.mains(session.project.open_paths))
        for main in [main for main in self._files if main not in mains]:
            for file in self._files.pop(main):
                if self._sent.get(file):
                    self._send(file, [])
