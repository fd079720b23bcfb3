"""Both ways to compile accesses to words at addresses of unknown alignment: all where they stand, or with calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from zkwasm_compiler.lowering import legalize


@contextmanager
def calling(calls: bool) -> Iterator[None]:
    """What is compiled meanwhile calls the routines, or does not, however many accesses it has."""
    with patch.object(legalize, "MAXIMUM_DISPATCHES", -1 if calls else 1 << 32):
        yield
