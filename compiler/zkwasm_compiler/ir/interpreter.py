"""The reference interpreter of the SSA: slow, obviously right, and independent of everything below the SSA.

Values are unsigned bit patterns. Calls keep their frames in a list, so that the depth of the program is no matter of
Python's own stack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from zkwasm_compiler.errors import ExecutionError, InternalError
from zkwasm_compiler.ir.function import Block, Function, Module, Target, Trap, Value
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.linear_memory import LinearMemory
from zkwasm_compiler.ir.ops import ACCESS_BYTES, OPS
from zkwasm_compiler.ir.tables import Tables

DEFAULT_FUEL = 10_000_000
DEFAULT_CALL_DEPTH = 10_000


class AssertionFailure(ExecutionError):  # noqa: N818 - the failure is the program's, not an error of ours
    """`assert_eq` met two different values: the execution cannot be proved."""


class OutOfFuel(ExecutionError):  # noqa: N818 - a limit that the caller set
    """The execution took more values than `fuel` allows."""


@dataclass(slots=True)
class _Frame:
    """One activation: `call` is the caller's value that waits for the results."""

    function: Function
    block: Block
    call: Value | None
    position: int = 0
    values: dict[Value, int] = field(default_factory=dict)
    results: dict[Value, list[int]] = field(default_factory=dict)  # what each call gave


def instantiate(module: Module, *, fuel: int = DEFAULT_FUEL) -> list[int]:
    """The globals of a new instance, after the start function. *Raises:* as `run`."""
    if module.trap is not None:
        raise TrapError(module.trap)
    state = [global_.initial for global_ in module.globals]
    if module.start is not None:
        run(module, module.start, [], globals=state, fuel=fuel)
    return state


def run(
    module: Module,
    function_index: int,
    args: Sequence[int],
    *,
    globals: list[int] | None = None,
    memory: LinearMemory | None = None,
    tables: Tables | None = None,
    fuel: int = DEFAULT_FUEL,
    call_depth: int = DEFAULT_CALL_DEPTH,
) -> list[int]:
    """Call one function; the start function is not run (`instantiate` does).

    `globals`, `memory` and `tables` are the state, changed in place; without them the initial values serve.
    *Raises:* TrapError, AssertionFailure, OutOfFuel.
    """
    state = [global_.initial for global_ in module.globals] if globals is None else globals
    linear = LinearMemory.of(module) if memory is None else memory
    tables = Tables.of(module) if tables is None else tables
    frames = [_enter(module.functions[function_index], args, None)]
    while True:
        fuel -= 1
        if fuel < 0:
            raise OutOfFuel(f"function {frames[0].function.name} did not return in time; give more fuel")
        frame = frames[-1]
        if frame.position < len(frame.block.body):
            value = frame.block.body[frame.position]
            frame.position += 1
            if value.op not in ("call", "call_indirect"):
                _execute(value, frame, state, linear, tables)
                continue
            callee, args = _callee(value, frame, module, tables)
            if len(frames) >= call_depth:
                raise TrapError(Trap.CALL_STACK_EXHAUSTED)
            frames.append(_enter(callee, args, value))
            continue
        terminator = frame.block.terminator
        if terminator is not None and terminator.op in ("return_call", "return_call_indirect"):
            callee, args = _callee(terminator, frame, module, tables)
            frames[-1] = _enter(callee, args, frame.call)
            continue
        results = _leave_block(frame)
        if results is None:
            continue
        frames.pop()
        if not frames:
            return results
        assert frame.call is not None
        frames[-1].results[frame.call] = results


def _callee(call: Value, frame: _Frame, module: Module, tables: Tables) -> tuple[Function, list[int]]:
    """What a call calls, and with which arguments."""
    args = _read(frame, call.args)
    if isinstance(call.immediate, tuple):
        *args, index = args
        return tables.callee(module, *call.immediate, index), args
    assert isinstance(call.immediate, int)
    return module.functions[call.immediate], args


def _enter(function: Function, args: Sequence[int], call: Value | None) -> _Frame:
    if len(args) != len(function.parameters):
        raise InternalError(f"{function.name} takes {len(function.parameters)} arguments, got {len(args)}")
    frame = _Frame(function, function.entry, call)
    for parameter, bits in zip(function.entry.parameters, args, strict=True):
        if not 0 <= bits < 1 << parameter.type.bits:
            raise InternalError(f"{function.name}: {bits} is no unsigned pattern of {parameter.type.bits} bits")
        frame.values[parameter] = bits
    return frame


def _read(frame: _Frame, args: list[Value]) -> list[int]:
    return [frame.values[arg] for arg in args]


def _execute(value: Value, frame: _Frame, state: list[int], memory: LinearMemory, tables: Tables) -> None:
    """One value that is neither a call nor a terminator."""
    match value.op:
        case "result":
            assert isinstance(value.immediate, int)
            frame.values[value] = frame.results[value.args[0]][value.immediate]
        case "global.get":
            assert isinstance(value.immediate, int)
            frame.values[value] = state[value.immediate]
        case "global.set":
            assert isinstance(value.immediate, int)
            state[value.immediate] = frame.values[value.args[0]]
        case "assert_eq":
            left, right = _read(frame, value.args)
            if left != right:
                raise AssertionFailure(f"function {frame.function.name}: assert_eq of {left} and {right}")
        case "select":
            first, second, condition = _read(frame, value.args)
            frame.values[value] = first if condition else second
        case op if op in ACCESS_BYTES or op.startswith("memory."):
            _access(value, frame, memory)
        case "data.drop":
            assert isinstance(value.immediate, int)
            memory.segments.pop(value.immediate, None)
            tables.segments.pop(value.immediate, None)
        case op if op.startswith("table."):
            _on_table(value, frame, tables)
        case op if op.endswith(".const"):
            assert isinstance(value.immediate, int)
            frame.values[value] = value.immediate
        case op:
            evaluate = OPS[op].evaluate
            if evaluate is None:
                raise InternalError(f"the interpreter has no meaning for {op}")
            frame.values[value] = evaluate(*_read(frame, value.args))


def _access(value: Value, frame: _Frame, memory: LinearMemory) -> None:
    """One value that works on the linear memory."""
    args = _read(frame, value.args)
    immediate = value.immediate if isinstance(value.immediate, int) else 0
    match value.op:
        case "memory.size":
            frame.values[value] = memory.pages
        case "memory.grow":
            frame.values[value] = memory.grow(args[0])
        case "memory.fill" | "memory.copy" | "memory.init":
            memory.bulk(value.op, immediate, *args)
        case op if "load" in op:
            frame.values[value] = memory.load(op, args[0] + immediate, ACCESS_BYTES[op], value.type.bits)
        case op:
            count = ACCESS_BYTES[op]
            memory.write(args[0] + immediate, (args[1] & ((1 << 8 * count) - 1)).to_bytes(count, "little"))


def _on_table(value: Value, frame: _Frame, tables: Tables) -> None:
    """One value that works on tables."""
    args = _read(frame, value.args)
    if isinstance(value.immediate, tuple):
        if value.op == "table.copy":
            tables.copy(value.immediate, args[0], args[1], args[2])
        else:
            tables.init(*value.immediate, *args)
        return
    assert isinstance(value.immediate, int)
    table = value.immediate
    match value.op:
        case "table.get":
            frame.values[value] = tables.get(table, args[0])
        case "table.size":
            frame.values[value] = len(tables.entries[table])
        case "table.grow":
            frame.values[value] = tables.grow(table, *args)
        case "table.set":
            tables.fill(table, args[0], args[1], 1)
        case op:
            assert op == "table.fill", op
            tables.fill(table, *args)


def _leave_block(frame: _Frame) -> list[int] | None:
    """Follow the terminator; the results when it returns."""
    terminator = frame.block.terminator
    assert terminator is not None
    match terminator.op:
        case "return":
            return _read(frame, terminator.args)
        case "trap":
            assert isinstance(terminator.immediate, Trap)
            raise TrapError(terminator.immediate)
        case "br":
            _follow(frame, terminator.targets[0])
        case "br_if":
            _follow(frame, terminator.targets[0 if frame.values[terminator.args[0]] else 1])
        case "br_table":
            index = min(frame.values[terminator.args[0]], len(terminator.targets) - 1)
            _follow(frame, terminator.targets[index])
        case op:
            raise InternalError(f"the interpreter cannot leave a block by {op}")
    return None


def _follow(frame: _Frame, target: Target) -> None:
    args = _read(frame, target.args)  # all are read before any parameter is written
    frame.values.update(zip(target.block.parameters, args, strict=True))
    frame.block, frame.position = target.block, 0
