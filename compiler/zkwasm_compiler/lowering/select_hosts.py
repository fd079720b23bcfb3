"""Selection of what the host does: calls of its routines, and words of a digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Type, Value
from zkwasm_compiler.lowering.legalize import index_of
from zkwasm_compiler.machine.step import Operation, Slot, Step, loaded
from zkwasm_compiler.rules.hosts import HOST_OPERANDS
from zkwasm_compiler.runtime.host_routines import CLOBBERS, PREFIX

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.select import Selector

PLACES = ("A", "B", "C", "D")


def select_host(build: Selector, value: Value) -> None:
    """Emit a `host.*` op."""
    if value.op == "host.digest":
        build.step(loaded(build.define(value), Slot("digest", index_of(value))))
        return
    label = PREFIX + value.op.partition(".")[2]
    wanted = HOST_OPERANDS[value.op]
    operands = tuple(build.operand(arg, one) for arg, one in zip(value.args, wanted, strict=True))
    results = () if value.type is Type.NONE else (build.define(value),)
    call = Operation(
        "CALL",
        operands,
        PLACES[: len(operands)],
        results,
        PLACES[: len(results)],
        CLOBBERS[label],
        targets=(label,),
    )
    build.step(Step(operations=(call,)))
