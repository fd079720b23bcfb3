"""Target machines as data: registers, operations, costs, legality. `machine("zkvm64")` is the default target."""

from __future__ import annotations

from zkwasm_compiler.errors import ConfigurationError
from zkwasm_compiler.isa import zkevm256, zkvm64
from zkwasm_compiler.isa.machine import Machine

MACHINES = {row.name: row for row in (zkvm64.MACHINE, zkevm256.MACHINE)}
DIALECTS = {row.dialect.name: row for row in MACHINES.values()}

__all__ = ["DIALECTS", "MACHINES", "Machine", "machine", "machine_of_dialect"]


def machine(name: str = "zkvm64") -> Machine:
    """The machine called `name`. *Raises:* ConfigurationError."""
    if name not in MACHINES:
        raise ConfigurationError(f"no machine is called {name!r}; there is {', '.join(MACHINES)}")
    return MACHINES[name]


def machine_of_dialect(name: str) -> Machine:
    """The machine whose zkASM dialect is called `name`. *Raises:* ConfigurationError."""
    if name not in DIALECTS:
        raise ConfigurationError(f"no zkASM dialect is called {name!r}; there is {', '.join(DIALECTS)}")
    return DIALECTS[name]
