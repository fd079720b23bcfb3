"""Runs, profiles and checks zkASM programs.

`execute` runs an assembled program step by step; `Instance` calls the exports of a compiled one as Python engines call
WebAssembly. The interpreter here is the reference: every step is checked as the constraints of the machine demand.
`record` makes the trace of a full execution, and `check` judges it by the constraints alone. `lying_prover` runs a
program with free inputs that are not honest, `static_audit` looks for free inputs that no constraint pins. Long runs go
on as machine code (`jit`); `profile` says where their steps go.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zkwasm_simulator.audit import Forgery, LyingReport, Tamper, Verdict, forge, lying_prover
    from zkwasm_simulator.audit.static import StaticReport, static_audit
    from zkwasm_simulator.constraints import Constraint, Statement, Trace, Violation, check, record, record_forged
    from zkwasm_simulator.counters import Counters
    from zkwasm_simulator.faults import ExecutionFault
    from zkwasm_simulator.inputs import PublicInputs
    from zkwasm_simulator.instance import CallResult, Instance, InstantiationError
    from zkwasm_simulator.interpreter import Entry, Execution, PreparedProgram, PublicValues, execute
    from zkwasm_simulator.machine import Machine

_MODULES = {
    "Constraint": "constraints",
    "Statement": "constraints",
    "Trace": "constraints",
    "Violation": "constraints",
    "check": "constraints",
    "record": "constraints",
    "record_forged": "constraints",
    "Forgery": "audit",
    "LyingReport": "audit",
    "Tamper": "audit",
    "Verdict": "audit",
    "forge": "audit",
    "lying_prover": "audit",
    "StaticReport": "audit.static",
    "static_audit": "audit.static",
    "Counters": "counters",
    "ExecutionFault": "faults",
    "PublicInputs": "inputs",
    "CallResult": "instance",
    "Instance": "instance",
    "InstantiationError": "instance",
    "Entry": "interpreter",
    "Execution": "interpreter",
    "PreparedProgram": "interpreter",
    "PublicValues": "interpreter",
    "execute": "interpreter",
    "Machine": "machine",
}
"""Where each public name lives; modules load when they are first used, so that importing the package is quick."""

__all__ = [
    "CallResult",
    "Constraint",
    "Counters",
    "Entry",
    "Execution",
    "ExecutionFault",
    "Forgery",
    "Instance",
    "InstantiationError",
    "LyingReport",
    "Machine",
    "PreparedProgram",
    "PublicInputs",
    "PublicValues",
    "Statement",
    "StaticReport",
    "Tamper",
    "Trace",
    "Verdict",
    "Violation",
    "check",
    "execute",
    "forge",
    "lying_prover",
    "record",
    "record_forged",
    "static_audit",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
