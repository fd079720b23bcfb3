"""Instances that run on the reference interpreter and on machine code at once: `BothEngines`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.jit.comparison import everything
from zkwasm_compiler.asm.program import Program
from zkwasm_simulator import CallResult, Execution, ExecutionFault, Instance, InstantiationError


class DifferentEnginesError(Exception):
    """Machine code did not do what the interpreter did."""


class _Recorded(Instance):
    """An instance that keeps its last run."""

    last: Execution

    def _run_from_start(self, *args: Any, **options: Any) -> Execution:
        self.last = super()._run_from_start(*args, **options)
        return self.last

    def _result(self, export: Any, execution: Execution, *rest: Any) -> CallResult:
        self.last = execution
        return super()._result(export, execution, *rest)

    def take(self, other: _Recorded) -> None:
        """Go on in the state of another instance of the same program."""
        self._cells.clear()
        self._cells.update(other._cells)
        self._untouched = other._untouched


class BothEngines(_Recorded):
    """The instance of the interpreter; each run is done by machine code too. *Raises:* DifferentEnginesError where it
    leaves anything else behind: results, counters, registers, cells, logs or the place of a fault."""

    def __init__(self, program: Program, *, step_limit: int) -> None:
        self._native: _Recorded | None = None
        self._changed_from_outside = False
        trap: InstantiationError | None = None
        try:
            super().__init__(program, step_limit=step_limit, engine="reference")
        except InstantiationError as error:
            trap = error
        try:
            self._native = _Recorded(program, step_limit=step_limit, engine="jit")
        except InstantiationError as error:
            if trap is None or trap.trap is not error.trap:
                raise DifferentEnginesError(f"instantiation: {trap} or, as machine code, {error}") from error
        if trap is not None:
            raise trap
        assert self._native is not None
        self._compare("instantiation", self._native)

    def call_raw(self, name: str, bits: Sequence[int], **inputs: bytes) -> CallResult:
        native = self._native
        assert native is not None
        if self._changed_from_outside:
            native.take(self)
            self._changed_from_outside = False
        result, fault = _attempt(lambda: super(BothEngines, self).call_raw(name, bits, **inputs))
        _, other = _attempt(lambda: native.call_raw(name, bits, **inputs))
        if str(fault) != str(other):
            raise DifferentEnginesError(f"{name}: {fault} or, as machine code, {other}")
        if result is None:
            assert fault is not None
            raise fault
        self._compare(name, native)
        return result

    def _touch(self) -> None:
        super()._touch()
        self._changed_from_outside = True

    def _compare(self, what: str, native: _Recorded) -> None:
        if everything(self.last) != everything(native.last):
            pairs = zip(everything(self.last), everything(native.last), strict=True)
            difference = next(pair for pair in pairs if pair[0] != pair[1])
            raise DifferentEnginesError(f"{what}: {difference[0]} or, as machine code, {difference[1]}")


def _attempt(call: Callable[[], CallResult]) -> tuple[CallResult | None, ExecutionFault | None]:
    try:
        return call(), None
    except ExecutionFault as fault:
        return None, fault
