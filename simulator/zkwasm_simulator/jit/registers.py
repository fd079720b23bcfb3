"""Registers within a block: read from their globals once, and put back when the block commits to what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zkwasm_simulator.field import PRIME
from zkwasm_simulator.jit.encoder import Code, global_get, global_put
from zkwasm_simulator.jit.state import LIMB_NAMES, UNKNOWN, VARIABLE_BOUND
from zkwasm_simulator.jit.values import SINGLE_BOUND, Value

_LIMBS = frozenset(LIMB_NAMES)


def variable(name: str) -> str:
    """How a variable of advice is called among the registers."""
    return f"${name}"


def _bounds(name: str) -> tuple[int, int]:
    if name in _LIMBS:
        return 0, PRIME - 1
    if name.startswith("$"):
        return UNKNOWN, VARIABLE_BOUND
    return -SINGLE_BOUND, SINGLE_BOUND


class Registers:
    """What is known of the registers at one place of a block. In the globals, limbs are canonical."""

    def __init__(
        self,
        keep: Callable[[Code], Code],
        emit: Callable[[Code], None],
        places: Mapping[str, int],
        always: Mapping[str, Value],
    ) -> None:
        """`places` are the globals of registers and variables; `always` are registers whose value never changes."""
        self._keep = keep
        self._emit = emit
        self._places = places
        self._always = always
        self._known: dict[str, Value] = {}
        self._pending: dict[str, Code] = {}

    def forget(self) -> None:
        """A block begins: nothing is known."""
        self._known = dict(self._always)

    def read(self, name: str) -> Value:
        """A limb (`A0`), a one-limb register, or a variable (`$_private`), which may be `UNKNOWN`."""
        known = self._known.get(name)
        if known is None:
            code = self._keep(global_get(self._places[name]))
            known = self._known[name] = Value(code, *_bounds(name))
        return known

    def write(self, name: str, value: Value, canonical: Code) -> None:
        """Assign a register; `canonical` is the code of the field element when `value` is a limb."""
        self._pending[name] = canonical
        self._known[name] = value

    def write_single(self, name: str, value: Value) -> None:
        """Assign a one-limb register."""
        self.write(name, value, value.code)

    def flush(self) -> None:
        """Put what was assigned into the globals."""
        for name, code in self._pending.items():
            if name not in self._always:
                self._emit(code + global_put(self._places[name]))
        self._pending.clear()
