"""Indirect calls whose callee is known, or one of few, become direct calls, which can be inlined.

Through a table that nothing writes to, a constant index calls one function or traps. Where one entry has the
signature, a comparison of the index is as cheap as the table of jumps that it becomes otherwise, and a second one is
worth its step if what it calls is small enough to be inlined. Comparisons wait until functions have been inlined once:
that makes indexes constant, and they would make the callers of such functions large.
"""

from __future__ import annotations

from collections.abc import Mapping

from zkwasm_compiler.analysis.references import candidates, table_use
from zkwasm_compiler.ir.function import Block, Function, Table, Target, Trap, Type, Value, constant_bits
from zkwasm_compiler.ir.self_calls import make_loop_of_self_calls
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.dce import remove_unreachable_blocks
from zkwasm_compiler.passes.inline import LIMITS, size

OPS_BY_INDIRECT = {"call_indirect": "call", "return_call_indirect": "return_call"}
MAXIMUM_CASES = 2
MAXIMUM_RUNS = 16
"""So many comparisons find out why a call traps; more would be more rows than the table of jumps has."""


def devirtualize(function: Function, context: Context) -> bool:
    """Rewrite the indirect calls of a function."""
    calls = [value for block in function.blocks for value in block.values() if value.op in OPS_BY_INDIRECT]
    if not calls:
        return False
    written = table_use(context.module).written
    changed = False
    for call in calls:
        assert isinstance(call.immediate, tuple)
        table, signature = call.immediate
        home = next((block for block in function.blocks if call is block.terminator or call in block.body), None)
        if home is not None and table not in written:
            called = candidates(context.module, table, signature)
            small = all(size(context.module.functions[callee]) <= LIMITS[2].small for callee in called.values())
            cases = (MAXIMUM_CASES if small else 1) if context.inlined else -1
            changed |= _rewrite(function, home, call, context.module.tables[table], called, cases)
    if changed:
        remove_unreachable_blocks(function)
        make_loop_of_self_calls(function)
    return changed


def _rewrite(
    function: Function, block: Block, call: Value, table: Table, called: Mapping[int, int], cases: int
) -> bool:
    """`called` are the functions of the right signature by their index in the table; up to `cases` are compared."""
    index = constant_bits(call.args[-1])
    if index is not None and index in called:
        call.op, call.immediate, call.args = OPS_BY_INDIRECT[call.op], called[index], call.args[:-1]
        return True
    if index is not None:
        if call is not block.terminator:
            del block.body[block.body.index(call) :]
        block.terminator = _trap(function, _trap_of(table, index), call)
        return True
    traps = _runs_of_traps(table, called)
    if len(called) > cases or len(traps) > MAXIMUM_RUNS:
        return False
    _compare(function, block, call, traps, called)
    return True


def _trap_of(table: Table, index: int) -> Trap:
    """Why a call of this index traps, if it is none of a function of the right signature."""
    if index >= table.minimum:
        return Trap.UNDEFINED_ELEMENT
    return Trap.INDIRECT_CALL_TYPE_MISMATCH if table.entries.get(index) else Trap.UNINITIALIZED_ELEMENT


def _trap(function: Function, trap: Trap, call: Value) -> Value:
    return function.new_value("trap", Type.NONE, immediate=trap, offset=call.offset)


def _compare(
    function: Function, block: Block, call: Value, traps: list[tuple[int, Trap]], called: Mapping[int, int]
) -> None:
    """Split the block at the call: compare the index with each case, call, and go on behind it."""
    if call is block.terminator:
        _end_in_cases(function, block, call, traps, called)
        return
    at, place = block.body.index(call), function.blocks.index(block) + 1
    end = len(function.blocks)
    after = function.new_block()
    replacements = Replacements()
    results: dict[int, Value] = {}
    for value in block.body[at + 1 :]:
        if value.op == "result" and value.args[0] is call:
            assert isinstance(value.immediate, int)
            results[value.immediate] = function.add_parameter(after, value.type)
            replacements.add(value, results[value.immediate])
        else:
            after.body.append(value)
    after.terminator = block.terminator
    del block.body[at:]
    *args, index = call.args
    here = block
    for number, callee in called.items():
        then, otherwise = function.new_block(), function.new_block()
        _branch(function, here, "i32.eq", index, number, then, otherwise, call)
        direct = function.new_value("call", Type.TUPLE, args, callee, offset=call.offset)
        given = [
            function.new_value("result", value.type, [direct], n, offset=call.offset) for n, value in results.items()
        ]
        then.body = [direct, *given]
        then.terminator = function.new_value("br", Type.NONE, targets=[Target(after, given)], offset=call.offset)
        here = otherwise
    _end_in_traps(function, here, call, traps)
    replacements.apply(function)
    function.blocks[place:] = [*function.blocks[end + 1 :], after, *function.blocks[place:end]]


def _end_in_cases(
    function: Function, block: Block, call: Value, traps: list[tuple[int, Trap]], called: Mapping[int, int]
) -> None:
    """The same for a call in place of a return."""
    *args, index = call.args
    block.terminator = None
    for number, callee in called.items():
        then, otherwise = function.new_block(), function.new_block()
        _branch(function, block, "i32.eq", index, number, then, otherwise, call)
        then.terminator = function.new_value("return_call", Type.NONE, args, callee, offset=call.offset)
        block = otherwise
    _end_in_traps(function, block, call, traps)


def _runs_of_traps(table: Table, called: Mapping[int, int]) -> list[tuple[int, Trap]]:
    """Why calls of the other indexes trap: the first index behind each run of the same trap (no matter which for the
    last), and the trap."""
    runs: list[tuple[int, Trap]] = []
    for entry in sorted({*table.entries, *(number + 1 for number in table.entries), 0, table.minimum}):
        if entry in called or entry > table.minimum:
            continue
        trap = _trap_of(table, entry)
        if runs and runs[-1][1] is trap:
            continue
        if runs:
            runs[-1] = entry, runs[-1][1]
        runs.append((entry, trap))
    return runs


def _end_in_traps(function: Function, block: Block, call: Value, traps: list[tuple[int, Trap]]) -> None:
    """End the block with the traps, one comparison for each but the last."""
    for bound, trap in traps[:-1]:
        then, otherwise = function.new_block(), function.new_block()
        _branch(function, block, "i32.lt_u", call.args[-1], bound, then, otherwise, call)
        then.terminator = _trap(function, trap, call)
        block = otherwise
    block.terminator = _trap(function, traps[-1][1], call)


def _branch(
    function: Function, block: Block, op: str, x: Value, bits: int, then: Block, otherwise: Block, call: Value
) -> None:
    """End the block with a branch on a comparison of x with a constant."""
    constant = function.new_value("i32.const", Type.I32, immediate=bits, offset=call.offset)
    condition = function.new_value(op, Type.I32, [x, constant], offset=call.offset)
    block.body += [constant, condition]
    block.terminator = function.new_value(
        "br_if", Type.NONE, [condition], targets=[Target(then), Target(otherwise)], offset=call.offset
    )
