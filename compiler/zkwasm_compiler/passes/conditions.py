"""What a branch tells about its condition, used where only that branch leads.

Behind ``br_if (i32.eq x 5)`` x is 5 in the one arm; the condition itself is known in both. An edge is the only way to
the blocks that its target dominates if nothing else leads to the target.
"""

from __future__ import annotations

from collections.abc import Iterator

from zkwasm_compiler.analysis.dominators import dominator_tree
from zkwasm_compiler.analysis.order import incoming_edges
from zkwasm_compiler.ir.function import Block, Function, Target, Value, constant_bits
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.passes.context import Context


def conditions(function: Function, context: Context) -> bool:
    """Replace values by the constants that the branches above a block say they are."""
    return _Conditions(function).run()


class _Conditions:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.edges = incoming_edges(function)
        self.known: dict[Value, int] = {}
        self.changed = False

    def run(self) -> bool:
        tree = dominator_tree(self.function)
        work: list[tuple[Block, bool]] = [(self.function.entry, True)]
        added: dict[Block, list[Value]] = {}
        while work:
            block, arriving = work.pop()
            if arriving:
                added[block] = self._learn(block)
                self._rewrite(block)
                work.append((block, False))
                work.extend((child, True) for child in reversed(tree.children[block]))
            else:
                for value in added.pop(block):
                    del self.known[value]
        return self.changed

    def _learn(self, block: Block) -> list[Value]:
        edges = self.edges[block]
        if len(edges) != 1:
            return []
        source, target = edges[0]
        facts = {value: bits for value, bits in _facts(source, target) if value not in self.known}
        self.known.update(facts)
        return list(facts)

    def _rewrite(self, block: Block) -> None:
        """Put constants for what is known; they are made in the block, before their first use."""
        made: dict[Value, Value] = {}
        if not self.known:
            return
        for value in list(block.values()):
            for args in [value.args, *(target.args for target in value.targets)]:
                for position, arg in enumerate(args):
                    if arg in self.known:
                        args[position] = self._constant(arg, made)
        block.body[:0] = made.values()

    def _constant(self, value: Value, made: dict[Value, Value]) -> Value:
        self.changed = True
        if value not in made:
            op = f"{value.type.value}.const"
            made[value] = self.function.new_value(op, value.type, immediate=self.known[value])
        return made[value]


def _facts(source: Block, target: Target) -> Iterator[tuple[Value, int]]:
    """What the branch through `target` says: values, none of them constants, and their bits."""
    terminator = source.terminator
    assert terminator is not None
    position = next(i for i, other in enumerate(terminator.targets) if other is target)
    if terminator.op == "br_table" and position < len(terminator.targets) - 1:
        yield terminator.args[0], position
    elif terminator.op == "br_if":
        yield from _facts_of_test(terminator.args[0], position == 0)


def _facts_of_test(condition: Value, holds: bool) -> Iterator[tuple[Value, int]]:
    name = condition.op.partition(".")[2]
    if not holds or _is_comparison(condition):
        yield condition, int(holds)
    if name == "eqz" and holds:
        yield condition.args[0], 0
    elif (name == "eq" and holds) or (name == "ne" and not holds):
        bits = constant_bits(condition.args[1])
        if bits is not None:
            yield condition.args[0], bits


def _is_comparison(value: Value) -> bool:
    """Whether the value can only be 0 or 1."""
    row = OPS[value.op]
    return row.evaluate is not None and row.name.partition(".")[2] in COMPARISONS


COMPARISONS = frozenset({"eqz", "eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"})
