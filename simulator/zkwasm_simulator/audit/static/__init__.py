"""Is every free input of a program pinned? What its text says, without running it (`static_audit`)."""

from __future__ import annotations

from zkwasm_simulator.audit.static.audit import static_audit
from zkwasm_simulator.audit.static.report import Finding, StaticReport

__all__ = ["Finding", "StaticReport", "static_audit"]
