"""The verifier of the SSA: `verify` finds every broken rule of a function.

It takes nothing from `analysis`: that a definition dominates its uses is checked with a data flow of its own, so that a
mistake in the dominator tree cannot hide itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.ir.function import Block, Function, Module, Trap, Type, Value
from zkwasm_compiler.ir.ops import OPS, Op

_ARGUMENT_COUNTS = {
    "select": 3,
    "assert_eq": 2,
    "global.set": 1,
    "ref.is_null": 1,
    "table.set": 2,
    "table.grow": 2,
    "table.fill": 3,
}
_TARGET_COUNTS = {"br": 1, "br_if": 2}
FLOATS = (Type.F32, Type.F64)


def verify(function: Function, module: Module | None = None) -> None:
    """Check every rule of the SSA; with `module` also the types of calls and globals.

    *Raises:* InternalError with one line a broken rule.
    """
    problems = list(problems_of(function, module))
    if problems:
        raise InternalError(f"function {function.name}: the SSA is broken:\n  " + "\n  ".join(problems))


def problems_of(function: Function, module: Module | None = None) -> list[str]:
    """Every broken rule of `function`, in the order of its text."""
    if not function.blocks:
        return ["it has no block"]
    problems = [*_check_identities(function), *_check_signature(function)]
    if problems:
        return problems
    for block in function.blocks:
        for value in block.values():
            problems += [
                f"{block} {value} = {value.op}: {problem}" for problem in _check_value(value, function, module)
            ]
        problems += _check_results(block)
    return problems or list(_check_dominance(function))


def _check_identities(function: Function) -> Iterator[str]:
    blocks: set[int] = set()
    values: set[int] = set()
    owned = set(function.blocks)
    for block in function.blocks:
        if block.id in blocks:
            yield f"{block} occurs twice"
        blocks.add(block.id)
        if block.terminator is None:
            yield f"{block} has no terminator"
        parameters = set(block.parameters)
        for value in [*block.parameters, *block.values()]:
            if value.id in values:
                yield f"{value} is defined twice"
            if value.id >= function.next_id:
                yield f"{value} is not below next_id {function.next_id}"
            values.add(value.id)
            if value.op not in OPS:
                yield f"{value} has the unknown op {value.op}"
            if (value.op == "parameter") != (value in parameters):
                yield f"{value} = {value.op} is in the wrong list of {block}"
            elif value.op in OPS and OPS[value.op].terminator != (value is block.terminator):
                yield f"{value} = {value.op} must be the terminator of {block} and nothing else may be"
        for target in block.targets:
            if target.block not in owned:
                yield f"{block} branches to {target.block}, which is not in the function"
            elif target.block is function.entry:
                yield f"{block} branches to the entry block {target.block}"


def _check_signature(function: Function) -> Iterator[str]:
    types = tuple(parameter.type for parameter in function.entry.parameters)
    if types != _carriers(function.parameters):
        yield f"the entry block takes {_spell(types)}, the function {_spell(function.parameters)}"
    for block in function.blocks:
        for parameter in block.parameters:
            if parameter.type in (*FLOATS, Type.NONE, Type.TUPLE):
                yield f"parameter {parameter} of {block} has type {parameter.type.value}"
            if parameter.args or parameter.targets or parameter.immediate is not None:
                yield f"parameter {parameter} of {block} has arguments, targets or an immediate"


def _check_value(value: Value, function: Function, module: Module | None) -> Iterator[str]:
    row = OPS[value.op]
    types = tuple(arg.type for arg in value.args)
    if row.operands is not None and types != row.operands:
        yield f"takes {_spell(row.operands)}, got {_spell(types)}"
    if row.result is not None and value.type is not row.result:
        yield f"has the type {row.result.value}, not {value.type.value}"
    if value.type in FLOATS:
        yield f"has the type {value.type.value}, which is only declared"
    yield from _check_immediate(value, row)
    yield from _check_targets(value, row)
    if row.operands is None:
        yield from _check_varying(value, types, function, module)
    elif value.op == "result" and types == (Type.TUPLE,):
        yield from _check_projection(value, module)
    elif value.op == "global.get" and module is not None:
        yield from _check_global(value, value.type, module)
    elif value.op == "table.get" and module is not None:
        yield from _check_table(value, (Type.I32, value.type), 1, module)


def _check_immediate(value: Value, row: Op) -> Iterator[str]:
    immediate = value.immediate
    if not row.immediate:
        if immediate is not None:
            yield f"has no immediate, got {immediate}"
    elif value.op == "trap":
        if not isinstance(immediate, Trap):
            yield f"the immediate is a Trap, got {immediate!r}"
    elif row.pair:
        if not isinstance(immediate, tuple) or min(immediate) < 0:
            yield f"the immediate is {row.immediate}, got {immediate!r}"
    elif not isinstance(immediate, int) or immediate < 0:
        yield f"the immediate is {row.immediate}, got {immediate!r}"
    elif value.op.endswith(".const") and immediate >> value.type.bits:
        yield f"{immediate} does not fit in {value.type.bits} bits"


def _check_targets(value: Value, row: Op) -> Iterator[str]:
    count = _TARGET_COUNTS.get(value.op, 0)
    if value.op == "br_table":
        if not value.targets:
            yield "needs the default target"
    elif len(value.targets) != count:
        yield f"has {count} targets, got {len(value.targets)}"
    for target in value.targets:
        wanted = tuple(parameter.type for parameter in target.block.parameters)
        got = tuple(arg.type for arg in target.args)
        if got != wanted:
            yield f"gives {_spell(got)} to {target.block}, which takes {_spell(wanted)}"


def _check_varying(value: Value, types: tuple[Type, ...], function: Function, module: Module | None) -> Iterator[str]:
    """The ops whose row leaves the operands open."""
    count = _ARGUMENT_COUNTS.get(value.op)
    if count is not None and len(types) != count:
        yield f"takes {count} arguments, got {_spell(types)}"
        return
    if any(type_ in (Type.NONE, Type.TUPLE) for type_ in types):
        yield f"an argument has no number type: {_spell(types)}"
    match value.op:
        case "select":
            if types[0] is not types[1] or types[2] is not Type.I32 or value.type is not types[0]:
                yield f"takes two values of its type {value.type.value} and an i32, got {_spell(types)}"
        case "assert_eq":
            if types[0] is not types[1] or types[0] not in (Type.I32, Type.I64):
                yield f"takes two i32 or two i64, got {_spell(types)}"
        case "return":
            if types != _carriers(function.results):
                yield f"the function gives {_spell(function.results)}, got {_spell(types)}"
        case "global.set" if module is not None:
            yield from _check_global(value, types[0], module)
            index = value.immediate
            if isinstance(index, int) and index < len(module.globals) and not module.globals[index].mutable:
                yield f"global {index} is not mutable"
        case "call" | "return_call" if module is not None:
            callee = module.functions.get(value.immediate) if isinstance(value.immediate, int) else None
            if callee is None:
                yield f"calls function {value.immediate}, which is not in the module"
            elif types != _carriers(callee.parameters):
                yield f"{callee.name} takes {_spell(callee.parameters)}, got {_spell(types)}"
            elif value.op == "return_call" and callee.results != function.results:
                yield f"{callee.name} gives {_spell(callee.results)}, the function {_spell(function.results)}"
        case "call_indirect" | "return_call_indirect" if module is not None:
            yield from _check_indirect(value, types, module)
            results = _given(value, module)
            if value.op == "return_call_indirect" and results is not None and results != function.results:
                yield f"the signature gives {_spell(results)}, the function {_spell(function.results)}"
        case "ref.is_null":
            if not types[0].is_reference:
                yield f"takes a reference, got {_spell(types)}"
        case "table.set" if module is not None:
            yield from _check_table(value, types, 1, module)
        case "table.grow" if module is not None:
            yield from _check_table(value, types, 0, module)
        case "table.fill" if module is not None:
            yield from _check_table(value, types, 1, module)


def _check_indirect(value: Value, types: tuple[Type, ...], module: Module) -> Iterator[str]:
    assert isinstance(value.immediate, tuple)
    table, signature = value.immediate
    if table >= len(module.tables) or module.tables[table].type is not Type.FUNCREF:
        yield f"table {table} is none of functions in the module"
    if signature >= len(module.signatures):
        yield f"signature {signature} is not in the module"
    elif types != (*_carriers(module.signatures[signature].parameters), Type.I32):
        wanted = (*_carriers(module.signatures[signature].parameters), Type.I32)
        yield f"signature {signature} and an index take {_spell(wanted)}, got {_spell(types)}"


def _check_table(value: Value, types: tuple[Type, ...], reference: int, module: Module) -> Iterator[str]:
    """All are i32 but the reference, which is of the table's type."""
    index = value.immediate
    if not isinstance(index, int) or index >= len(module.tables):
        yield f"table {index} is not in the module"
        return
    wanted = tuple(module.tables[index].type if n == reference else Type.I32 for n in range(len(types)))
    if types != wanted:
        yield f"takes {_spell(wanted)}, got {_spell(types)}"


def _carriers(types: Iterable[Type]) -> tuple[Type, ...]:
    return tuple(type_.carrier for type_ in types)


def _check_global(value: Value, type_: Type, module: Module) -> Iterator[str]:
    index = value.immediate
    if not isinstance(index, int) or index >= len(module.globals):
        yield f"global {index} is not in the module"
    elif module.globals[index].type.carrier is not type_:
        yield f"global {index} has type {module.globals[index].type.value}, not {type_.value}"


def _check_projection(value: Value, module: Module | None) -> Iterator[str]:
    results = _given(value.args[0], module) if module is not None else None
    if results is None:
        return
    if not isinstance(value.immediate, int) or value.immediate >= len(results):
        yield f"the call gives {_spell(results)}, result {value.immediate} is not one of them"
    elif results[value.immediate].carrier is not value.type:
        yield f"result {value.immediate} has type {results[value.immediate].value}, not {value.type.value}"


def _given(call: Value, module: Module) -> tuple[Type, ...] | None:
    """The types of what a call gives; None where that is not known."""
    if isinstance(call.immediate, tuple):
        _, signature = call.immediate
        return module.signatures[signature].results if signature < len(module.signatures) else None
    callee = module.functions.get(call.immediate) if isinstance(call.immediate, int) else None
    return callee.results if callee is not None else None


def _check_results(block: Block) -> Iterator[str]:
    """A result stands in the block of its call, so that the backend finds what a call gives beside it."""
    here = set(block.body)
    for value in block.body:
        if value.op == "result" and value.args[0] not in here:
            yield f"{block} {value} = result: its call {value.args[0]} is in another block"


def _check_dominance(function: Function) -> Iterator[str]:
    """Every argument is defined in the function, and before its use on every way from the entry."""
    available_in = _available_on_entry(function)
    everything = _mask(value for block in function.blocks for value in [*block.parameters, *block.values()])
    for block in function.blocks:
        reached = block in available_in
        available = available_in.get(block, 0) | _mask(block.parameters)
        for value in block.values():
            for arg in [*value.args, *(arg for target in value.targets for arg in target.args)]:
                if not everything >> arg.id & 1:
                    yield f"{block} {value} = {value.op}: argument {arg} is not in the function"
                elif reached and not available >> arg.id & 1:
                    yield f"{block} {value} = {value.op}: argument {arg} is not defined on every way to it"
            available |= 1 << value.id


def _available_on_entry(function: Function) -> dict[Block, int]:
    """For each reachable block, the values defined on every way to it, as a set of bits by value id."""
    defined = {block: _mask([*block.parameters, *block.values()]) for block in function.blocks}
    available: dict[Block, int] = {function.entry: 0}
    work = [function.entry]
    while work:
        block = work.pop()
        out = available[block] | defined[block]
        for successor in block.successors:
            before = available.get(successor)
            after = out if before is None else before & out
            if before != after:
                available[successor] = after
                work.append(successor)
    return available


def _mask(values: Iterable[Value]) -> int:
    mask = 0
    for value in values:
        mask |= 1 << value.id
    return mask


def _spell(types: tuple[Type, ...]) -> str:
    return f"({', '.join(type_.value for type_ in types)})"
