"""Does a full execution satisfy all constraints of the machine? `record` makes its trace, `check` judges it.

The simulator judges the compiler; this package judges the simulator, and what a prover may do who does not use it.
"""

from __future__ import annotations

from zkwasm_simulator.constraints.checking import check
from zkwasm_simulator.constraints.columns import MACHINES, Table, Trace
from zkwasm_simulator.constraints.publics import Statement
from zkwasm_simulator.constraints.recording import ForgedRecorder, Recorder, record, record_forged
from zkwasm_simulator.constraints.violations import Constraint, Violation

__all__ = [
    "MACHINES",
    "Constraint",
    "ForgedRecorder",
    "Recorder",
    "Statement",
    "Table",
    "Trace",
    "Violation",
    "check",
    "record",
    "record_forged",
]
