"""Says in which WebAssembly function a run stopped that cannot be proved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import ExecutionError

SHARED_ENDS = "no_such_function"
"""The label behind the functions of a compiled program."""


@contextmanager
def naming_functions(program: Program) -> Iterator[None]:
    """Add to an `ExecutionError` of the simulator, which names the zkASM line, the function whose code that line is."""
    try:
        yield
    except ExecutionError as error:
        name = _function_at(program, getattr(error, "zkpc", None))
        if name is None:
            raise
        raise ExecutionError(f"{error}, in the WebAssembly function {name}") from error


def _function_at(program: Program, row: int | None) -> str | None:
    """The name of the function that row `row` of the program belongs to, if it is one's."""
    # The rows behind the last function are the ends that all functions share.
    if row is None or program.interface is None or row >= program.labels.get(SHARED_ENDS, len(program.rows)):
        return None
    starts = {program.labels[label]: name for label, name in program.interface.functions}
    return starts[max(start for start in starts if start <= row)] if row >= min(starts, default=row + 1) else None
