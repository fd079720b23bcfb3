"""The signatures of exported functions."""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.ir.function import Module, Type


@dataclass(frozen=True, slots=True)
class Signature:
    """An exported function: its exported name, WebAssembly function index and types."""

    name: str
    index: int
    parameters: tuple[Type, ...]
    results: tuple[Type, ...]

    def __str__(self) -> str:
        return f"{self.name}({_spell(self.parameters)}) -> ({_spell(self.results)})"


def export_signatures(module: Module) -> list[Signature]:
    """One signature an export, in the order of the exports; two exports may name one function."""
    return [
        Signature(name, index, module.functions[index].parameters, module.functions[index].results)
        for name, index in module.exports.items()
    ]


def _spell(types: tuple[Type, ...]) -> str:
    return ", ".join(type_.value for type_ in types)
