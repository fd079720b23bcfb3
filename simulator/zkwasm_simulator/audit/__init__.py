"""Is every free input of a program pinned? A prover who lies tries it out (`lying_prover`)."""

from __future__ import annotations

from zkwasm_simulator.audit.forging import Forgery, Verdict
from zkwasm_simulator.audit.lying import Tamper, forge, lying_prover
from zkwasm_simulator.audit.report import Lie, LyingReport, Place, Survivor

__all__ = ["Forgery", "Lie", "LyingReport", "Place", "Survivor", "Tamper", "Verdict", "forge", "lying_prover"]
