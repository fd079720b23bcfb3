"""Running SSA modules the way `wasmtime_oracle` runs WebAssembly, for comparison."""

from __future__ import annotations

from tests.generators import GeneratedModule
from tests.wasmtime_oracle import UNPROVABLE, Oracle, Outcome
from zkwasm_compiler.ir.function import Module, Trap
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.interpreter import AssertionFailure, run


def expected_outcomes(generated: GeneratedModule) -> list[Outcome]:
    """What wasmtime gives for the calls of a generated module, one after the other in one instance."""
    oracle = Oracle(generated.wat)
    names = [f"g{index}" for index in range(len(generated.globals))]
    return [oracle.call(generated.functions[position].name, args, names) for position, args in generated.calls]


def interpreted_outcomes(generated: GeneratedModule, module: Module) -> list[Outcome]:
    """What the interpreter gives for the same calls."""
    state = [global_.initial for global_ in module.globals]
    return [interpret(module, generated.functions[position].name, args, state) for position, args in generated.calls]


def interpret(module: Module, name: str, args: tuple[int, ...], state: list[int]) -> Outcome:
    """One call in the interpreter."""
    results: tuple[int, ...] | Trap | str
    try:
        results = tuple(run(module, module.exports[name], args, globals=state))
    except TrapError as error:
        results = error.trap
    except AssertionFailure:
        results = UNPROVABLE
    return Outcome(results, tuple(state))
