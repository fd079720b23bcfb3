"""How far a long run has come: a line on a terminal that goes away when the run ends; nothing in a pipe or a file."""

from __future__ import annotations

import sys
import time
from typing import TextIO

QUIET_SECONDS = 1.0
"""A run that ends earlier shows nothing."""
_CLEAR = "\r\x1b[K"


class ProgressLine:
    """Shows steps, steps a second and the length of the proof that they need at least; called with the steps done."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._terminal = self._stream.isatty()
        self._began = time.monotonic()
        self._shown = False

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._shown:
            self._stream.write(_CLEAR)
            self._stream.flush()

    def __call__(self, steps: int) -> None:
        seconds = time.monotonic() - self._began
        if not self._terminal or seconds < QUIET_SECONDS:
            return
        self._shown = True
        self._stream.write(_CLEAR + progress_text(steps, seconds))
        self._stream.flush()


def progress_text(steps: int, seconds: float) -> str:
    """The line: `steps` in `seconds`, and the smallest N that has room for them."""
    from zkwasm_simulator.counters import ROWS_BEFORE_END, power_of_two

    exponent = power_of_two(steps + ROWS_BEFORE_END).bit_length() - 1
    return f"{steps:,} steps, {steps / seconds / 1e6:,.1f} million a second, N at least 2^{exponent}"
