"""Replacing values: a `Replacements` collects what stands for what, `apply` rewrites every use at once."""

from __future__ import annotations

from zkwasm_compiler.ir.function import Function, Value


class Replacements:
    """A map from values to what stands for them. Chains are followed: a replacement may be replaced later."""

    def __init__(self) -> None:
        self._map: dict[Value, Value] = {}

    def __bool__(self) -> bool:
        return bool(self._map)

    def __contains__(self, value: Value) -> bool:
        return value in self._map

    def add(self, old: Value, new: Value) -> None:
        """Let `new` stand for `old` wherever it is used."""
        self._map[old] = new

    def resolve(self, value: Value) -> Value:
        """What finally stands for `value`, which is itself when nothing does."""
        final = value
        while final in self._map:
            final = self._map[final]
        while value is not final:  # shorten the chain for the next time
            self._map[value], value = final, self._map[value]
        return final

    def apply_to(self, value: Value) -> None:
        """Rewrite the arguments of one value and of its edges."""
        value.args[:] = map(self.resolve, value.args)
        for target in value.targets:
            target.args[:] = map(self.resolve, target.args)

    def apply(self, function: Function) -> None:
        """Rewrite every use in the function; the replaced values stay in their blocks, unused."""
        if self._map:
            for block in function.blocks:
                for value in block.values():
                    self.apply_to(value)
