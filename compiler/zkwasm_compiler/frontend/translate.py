"""From a validated WebAssembly module to SSA: `translate`.

Only the functions that the chosen exports and the start function reach are translated, so that a module may hold
things that are not supported as long as the reachable code does not touch them. `translate_function` has the bodies.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkwasm_compiler.errors import ConfigurationError, Problem, UnsupportedError
from zkwasm_compiler.frontend.instantiation import (
    check_segments,
    instantiation_trap,
    translate_globals,
    translate_memory,
)
from zkwasm_compiler.frontend.translate_function import translate_function
from zkwasm_compiler.ir import function as ir
from zkwasm_compiler.wasm.module import ExternalKind, Module


def translate(module: Module, *, exports: Sequence[str] | None = None) -> ir.Module:
    """Translate what the exports (all exported functions by default) and the start function reach.

    *Raises:* UnsupportedError naming each function's first unsupported thing with its byte offset; ConfigurationError
    for an export that is not there.
    """
    chosen = _choose_exports(module, exports)
    result = ir.Module(exports=chosen, start=module.start)
    problems = [*check_segments(module)]
    try:
        result.globals = translate_globals(module)
        result.memory, result.data = translate_memory(module)
        result.trap = instantiation_trap(result.memory, result.data)
    except UnsupportedError as error:
        problems += error.problems
    result.functions, more = _translate_reachable(module, [*chosen.values(), *_start(module)])
    problems += more
    if problems:
        raise UnsupportedError(*problems)
    return result


def exported_functions(module: Module) -> dict[str, int]:
    """Every exported function's index by its exported name, in the module's order."""
    return {export.name: export.index for export in module.exports if export.kind is ExternalKind.FUNCTION}


def _choose_exports(module: Module, exports: Sequence[str] | None) -> dict[str, int]:
    available = exported_functions(module)
    if exports is None:
        return available
    missing = [name for name in exports if name not in available]
    if missing:
        names = ", ".join(available) or "none"
        raise ConfigurationError(
            *(f"the module exports no function {name!r}; its exported functions are: {names}" for name in missing)
        )
    return {name: available[name] for name in exports}


def _start(module: Module) -> list[int]:
    return [] if module.start is None else [module.start]


def _translate_reachable(module: Module, roots: list[int]) -> tuple[dict[int, ir.Function], list[Problem]]:
    """The functions reachable from the roots by index, and each one's first problem."""
    functions: dict[int, ir.Function] = {}
    problems: dict[int, Sequence[Problem]] = {}
    work = sorted(set(roots), reverse=True)
    while work:
        index = work.pop()
        if index in functions or index in problems:
            continue
        try:
            functions[index] = translate_function(module, index)
        except UnsupportedError as error:
            problems[index] = error.problems
            continue
        called = {v.immediate for block in functions[index].blocks for v in block.body if v.op == "call"}
        work.extend(sorted(callee for callee in called if isinstance(callee, int)))
    return dict(sorted(functions.items())), [problem for index in sorted(problems) for problem in problems[index]]
