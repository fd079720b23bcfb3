"""Registers within a block: read from their globals once, and put back when the block commits to what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zkwasm_simulator.field import PRIME
from zkwasm_simulator.jit.encoder import Code, global_get, global_put
from zkwasm_simulator.jit.state import GLOBALS, LIMB_NAMES
from zkwasm_simulator.jit.values import SINGLE_BOUND, Value

_LIMBS = frozenset(LIMB_NAMES)


class Registers:
    """What is known of the registers at one place of a block. In the globals, limbs are canonical."""

    def __init__(self, keep: Callable[[Code], Code], emit: Callable[[Code], None], always: Mapping[str, Value]) -> None:
        """`always` are registers whose value never changes."""
        self._keep = keep
        self._emit = emit
        self._always = always
        self._known: dict[str, Value] = {}
        self._pending: dict[str, Code] = {}

    def forget(self) -> None:
        """A block begins: nothing is known."""
        self._known = dict(self._always)

    def read(self, name: str) -> Value:
        """A limb (`A0`) or a one-limb register."""
        known = self._known.get(name)
        if known is None:
            code = self._keep(global_get(GLOBALS[name]))
            low, high = (0, PRIME - 1) if name in _LIMBS else (-SINGLE_BOUND, SINGLE_BOUND)
            known = self._known[name] = Value(code, low, high)
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
                self._emit(code + global_put(GLOBALS[name]))
        self._pending.clear()
