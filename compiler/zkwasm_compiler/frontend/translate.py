"""From a validated WebAssembly module to SSA: `translate`.

Only the functions that the chosen exports and the start function reach are translated, so that a module may hold
things that are not supported as long as the reachable code does not touch them. `translate_function` has the bodies,
`reachable` decides which, `instantiation` has what is there before anything runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from zkwasm_compiler.errors import ConfigurationError, UnsupportedError
from zkwasm_compiler.frontend.hosts import NOTHING
from zkwasm_compiler.frontend.instantiation import Instantiation
from zkwasm_compiler.frontend.reachable import find_reachable
from zkwasm_compiler.frontend.unsupported import TYPES
from zkwasm_compiler.ir import function as ir
from zkwasm_compiler.wasm.module import ExternalKind, Module
from zkwasm_compiler.wasm.types import FunctionType


def translate(module: Module, *, exports: Sequence[str] | None = None, missing: Collection[str] = NOTHING) -> ir.Module:
    """Translate what the exports (all exported functions by default) and the start function reach. `missing` is what
    host functions may lack and are refused for.

    *Raises:* UnsupportedError naming each function's first unsupported thing with its byte offset; ConfigurationError
    for an export that is not there.
    """
    chosen = _choose_exports(module, exports)
    initial = Instantiation(module)
    roots = [*chosen.values(), *_start(module)]
    found = find_reachable(module, roots, initial.table_functions(), initial.global_functions(), missing)
    problems = [*initial.problems, *(problem for index in sorted(found.problems) for problem in found.problems[index])]
    if problems:
        raise UnsupportedError(*problems)
    references = sorted(found.referred)
    numbers = {index: number for number, index in enumerate(references, 1)}
    signatures = sorted({signature for _, signature in found.calls})
    _number(found.functions.values(), numbers, {old: new for new, old in enumerate(signatures)})
    return ir.Module(
        functions=found.functions,
        globals=initial.globals(numbers),
        exports=chosen,
        start=module.start,
        trap=initial.trap,
        memory=initial.memory,
        data=[*initial.data, *initial.elements(found.segments, numbers)],
        tables=initial.tables(numbers),
        signatures=[_signature(module.signatures[signature]) for signature in signatures],
        references=references,
    )


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


def _signature(type_: FunctionType) -> ir.Signature:
    return ir.Signature(*(tuple(TYPES[one] for one in types) for types in (type_.parameters, type_.results)))


def _number(functions: Iterable[ir.Function], references: dict[int, int], signatures: dict[int, int]) -> None:
    """References to functions, which have the number of the function plus 1, get that of the reference; indirect calls
    get the number of their signature among those that are called."""
    for function in functions:
        for block in function.blocks:
            for value in block.values():
                if value.op == "funcref.const" and isinstance(value.immediate, int) and value.immediate:
                    value.immediate = references[value.immediate - 1]
                elif value.op in ("call_indirect", "return_call_indirect") and isinstance(value.immediate, tuple):
                    value.immediate = value.immediate[0], signatures[value.immediate[1]]
