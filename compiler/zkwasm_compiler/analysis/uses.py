"""How often values are used."""

from __future__ import annotations

from collections import Counter

from zkwasm_compiler.ir.function import Function, Value


def count_uses(function: Function) -> Counter[Value]:
    """How many arguments, of values and of edges, each value is."""
    uses: Counter[Value] = Counter()
    for block in function.blocks:
        for value in block.values():
            uses.update(value.args)
            for target in value.targets:
                uses.update(target.args)
    return uses
