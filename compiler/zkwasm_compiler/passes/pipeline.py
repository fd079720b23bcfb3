"""The pipeline: which passes run at which level, in which order and why; `optimize` runs it."""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.analysis.callgraph import call_graph
from zkwasm_compiler.analysis.memory_size import largest_memory
from zkwasm_compiler.analysis.references import INDIRECT_CALLS
from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.ir.function import Function, Module
from zkwasm_compiler.ir.renumber import renumber
from zkwasm_compiler.ir.verifier import verify
from zkwasm_compiler.passes.branches import branches
from zkwasm_compiler.passes.conditions import conditions
from zkwasm_compiler.passes.context import Context, FunctionPass, ModulePass
from zkwasm_compiler.passes.dce import dce
from zkwasm_compiler.passes.dead_stores import dead_stores
from zkwasm_compiler.passes.devirtualize import devirtualize
from zkwasm_compiler.passes.expand_selects import expand_selects
from zkwasm_compiler.passes.float_calls import float_calls
from zkwasm_compiler.passes.fold import fold
from zkwasm_compiler.passes.forward import forward
from zkwasm_compiler.passes.fuse_loads import fuse_loads
from zkwasm_compiler.passes.global_values import global_values
from zkwasm_compiler.passes.gvn import gvn, lvn
from zkwasm_compiler.passes.hoist_loads import hoist_loads
from zkwasm_compiler.passes.inline import inline
from zkwasm_compiler.passes.licm import licm
from zkwasm_compiler.passes.parameters import parameters
from zkwasm_compiler.passes.sink import sink
from zkwasm_compiler.passes.tail_calls import call_instead_of_returning

LEVELS = range(4)
MAXIMUM_ROUNDS = {1: 2, 2: 4, 3: 8}


@dataclass(frozen=True, slots=True)
class Pass:
    """One row: the levels from `first` to `last` run it."""

    run: FunctionPass
    first: int
    last: int

    @property
    def name(self) -> str:
        return self.run.__name__


FUNCTION_PASSES = (
    # Takes away blocks that are not reached, so that the others need not look at them.
    Pass(branches, 1, 3),
    # After branches, which takes edges away: what one edge alone gave is known where it is used.
    Pass(parameters, 1, 3),
    # Before fold, which then sees through what is written to a global and read again.
    Pass(global_values, 1, 3),
    # Before fold as well; on one branch's side of a test it makes constants of what was tested.
    Pass(conditions, 2, 3),
    # After parameters, which brings definitions to their uses; makes conditions constant for branches.
    Pass(fold, 1, 3),
    # After fold, which makes indexes constant; it makes calls for inline, and traps that take blocks away.
    Pass(devirtualize, 1, 3),
    # After fold, whose canonical forms make equal values look equal; over the whole function where there is time.
    Pass(lvn, 1, 1),
    Pass(gvn, 2, 3),
    # After gvn and fold, which make equal addresses one sum; fold sees through what was stored in the next round.
    Pass(forward, 2, 3),
    # After fold, which makes sums of bytes in their places; after forward: bytes that are known are not loaded.
    Pass(fuse_loads, 2, 3),
    # After forward, which takes away the loads that would see a store.
    Pass(dead_stores, 2, 3),
    # After forward: one load moves and not its copies.
    Pass(hoist_loads, 2, 3),
    # After gvn, so that one value moves and not its copies.
    Pass(licm, 2, 3),
    # Last: fold and value numbering leave what they replaced.
    Pass(dce, 1, 3),
)
"""Run in this order, again and again until a round changes nothing."""

LATE_PASSES = (
    # When the conditions and values are final. The blocks it makes would hide equal values from lvn and gvn.
    Pass(expand_selects, 2, 3),
    # After it, because it fills the blocks that the expansion made.
    Pass(sink, 2, 3),
)
"""Run once, when the function passes have come to their end."""

MODULE_PASSES: tuple[ModulePass, ...] = (inline,)
"""Run after every function's passes, which run again on what a module pass changed."""


def optimize(module: Module, level: int, verify: bool = False) -> Context:
    """Optimise the module in place; gives the context with its counts. With `verify` every pass is checked."""
    if level not in LEVELS:
        raise InternalError(f"there is no optimisation level {level}; the levels are 0 to 3")
    context = Context(module, level, verify, memory_bytes=largest_memory(module))
    if level > 0:
        # Callees first and before inlining: what is small is judged, and copied, in its final form.
        for index in call_graph(module).callees_first():
            optimize_function(module.functions[index], context)
    routines = float_calls(module)
    _verify_all(module, context, "float_calls")
    if level > 0:
        for function in routines:
            optimize_function(function, context)
        _run_on_module(module, context)
        context.inlined = True
        _make_calls_direct(module, context)
        call_instead_of_returning(module)
    for function in module.functions.values():
        renumber(function)
    _verify_all(module, context, "renumber")
    return context


def _run_on_module(module: Module, context: Context) -> None:
    for module_pass in MODULE_PASSES:
        if module_pass(module, context):
            context.changed()
            _verify_all(module, context, module_pass.__name__)
            for function in module.functions.values():
                optimize_function(function, context)


def _make_calls_direct(module: Module, context: Context) -> None:
    """Let the function passes run again on functions with indirect calls, and then the module passes, as long as such
    calls become direct ones."""
    while calls := _indirect_calls(module):
        for index in dict.fromkeys(calls):
            optimize_function(module.functions[index], context)
        if len(_indirect_calls(module)) == len(calls):
            return
        _run_on_module(module, context)


def _indirect_calls(module: Module) -> list[int]:
    """The function of each indirect call."""
    return [
        index
        for index, function in module.functions.items()
        for block in function.blocks
        for value in block.values()
        if value.op in INDIRECT_CALLS or value.op == "return_call_indirect"
    ]


def optimize_function(function: Function, context: Context) -> None:
    """Run the function passes of the context's level to their end, and again after the late ones."""
    _run_to_the_end(function, context)
    if _run(LATE_PASSES, function, context):
        _run_to_the_end(function, context)


def _run_to_the_end(function: Function, context: Context) -> None:
    for _ in range(MAXIMUM_ROUNDS.get(context.level, 0)):
        if not _run(FUNCTION_PASSES, function, context):
            return


def _run(passes: tuple[Pass, ...], function: Function, context: Context) -> bool:
    """Run the passes of the context's level once; whether any changed something."""
    changed = False
    for row in passes:
        if row.first <= context.level <= row.last and row.run(function, context):
            changed = True
            context.changed()
            _verify(function, context, row.name)
    return changed


def _verify_all(module: Module, context: Context, after: str) -> None:
    for function in module.functions.values():
        _verify(function, context, after)


def _verify(function: Function, context: Context, after: str) -> None:
    if not context.verify:
        return
    try:
        verify(function, context.module)
    except InternalError as error:
        raise InternalError(f"after {after}: {error}") from error
