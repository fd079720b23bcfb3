"""In which representations values cross calls and joins: `Signature`, and the order of representations."""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.analysis.references import DIRECT
from zkwasm_compiler.ir.function import Type, Value
from zkwasm_compiler.lowering.legalize import index_of
from zkwasm_compiler.rules.representation import CLEAN, INDEX, LONG, TIDY, TIDY_INDEX, WORD, Representation


@dataclass(eq=False, slots=True)
class Signature:
    """The representations in which a function takes its parameters and gives its results."""

    parameters: list[Representation]
    results: list[Representation]


def called_signature(call: Value) -> int:
    """Where the signature of a call is: that of a function at its index, that of an indirect call at ~ its number."""
    if isinstance(call.immediate, tuple):
        return ~call.immediate[1]
    return index_of(call) if call.op in DIRECT else ~index_of(call)


def best(type_: Type) -> Representation:
    """The representation that serves everything that is asked of the type."""
    return TIDY_INDEX if type_ is Type.INDEX else CLEAN


def worst(type_: Type) -> Representation:
    """The representation that every value of the type can be in."""
    return INDEX if type_ is Type.INDEX else WORD if type_.bits == 32 else LONG


def meet(a: Representation, b: Representation) -> Representation:
    """The best representation that both serve."""
    return next(r for r in (CLEAN, TIDY, LONG, WORD, TIDY_INDEX, INDEX) if a.serves(r) and b.serves(r))
