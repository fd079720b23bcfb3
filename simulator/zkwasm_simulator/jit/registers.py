"""Registers within a block: read from their globals once, written through."""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_simulator.field import PRIME
from zkwasm_simulator.jit.encoder import Code, global_get, global_put
from zkwasm_simulator.jit.state import GLOBALS, LIMB_NAMES
from zkwasm_simulator.jit.values import SINGLE_BOUND, Value

_LIMBS = frozenset(LIMB_NAMES)


class Registers:
    """What is known of the registers at one place of a block. Limbs are field elements, canonical."""

    def __init__(self, keep: Callable[[Code], Code], emit: Callable[[Code], None]) -> None:
        self._keep = keep
        self._emit = emit
        self._known: dict[str, Value] = {}

    def forget(self) -> None:
        """A block begins: nothing is known."""
        self._known.clear()

    def read(self, name: str) -> Value:
        """A limb (`A0`) or a one-limb register."""
        known = self._known.get(name)
        if known is None:
            code = self._keep(global_get(GLOBALS[name]))
            low, high = (0, PRIME - 1) if name in _LIMBS else (-SINGLE_BOUND, SINGLE_BOUND)
            known = self._known[name] = Value(code, low, high)
        return known

    def write(self, name: str, value: Value) -> None:
        """Assign a register; limbs must be canonical."""
        self._emit(value.code + global_put(GLOBALS[name]))
        self._known[name] = value
