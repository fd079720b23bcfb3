"""From local variables to SSA while blocks are being made: `Variables`.

A read in a block that other blocks lead to becomes a block parameter; its arguments are filled in at the end, when
every edge is known. Parameters that turn out to be redundant are removed afterwards.

*Source:* Braun et al., "Simple and Efficient Construction of Static Single Assignment Form", 2013, without recursion.
"""

from __future__ import annotations

from zkwasm_compiler.ir.function import Block, Function, Target, Type, Value


class Variables:
    """The definitions of a function's local variables, by block."""

    def __init__(self, function: Function, types: list[Type]) -> None:
        self._function = function
        self._types = types
        self._definitions: dict[Block, dict[int, Value]] = {}
        self._edges: dict[Block, list[tuple[Block, Target]]] = {}
        self._sealed: set[Block] = set()
        self._zeros: dict[Type, Value] = {}
        self._unfilled: list[tuple[Block, int]] = []  # parameters without their arguments, in order of their creation

    def add_edge(self, source: Block, target: Target) -> None:
        """Record that `source` branches to the block of `target`."""
        self._edges.setdefault(target.block, []).append((source, target))

    def has_edges(self, block: Block) -> bool:
        """Whether anything branches to the block so far."""
        return block in self._edges

    def seal(self, block: Block) -> None:
        """Promise that no further edge will lead to the block."""
        self._sealed.add(block)

    def write(self, block: Block, local: int, value: Value) -> None:
        """Assign the variable at the current end of the block."""
        self._definitions.setdefault(block, {})[local] = value

    def read(self, block: Block, local: int) -> Value:
        """The variable's value at the current end of the block."""
        passed: list[Block] = []
        while (value := self._definitions.setdefault(block, {}).get(local)) is None:
            passed.append(block)
            edges = self._edges.get(block, [])
            if block is self._function.entry:
                value = self._zero(self._types[local])
                break
            if block not in self._sealed or len(edges) != 1:
                value = self._function.add_parameter(block, self._types[local])
                self._unfilled.append((block, local))
                break
            block = edges[0][0]
        for block in passed:
            self._definitions[block][local] = value
        return value

    def finish(self) -> None:
        """Give every edge its arguments, when all blocks are made and sealed."""
        while self._unfilled:  # reads may add further parameters
            unfilled, self._unfilled = self._unfilled, []
            for block, local in unfilled:
                for source, target in self._edges[block]:
                    target.args.append(self.read(source, local))
        self._function.entry.body[:0] = self._zeros.values()

    def _zero(self, type_: Type) -> Value:
        """The initial value of declared locals, made once a type in the entry block."""
        if type_ not in self._zeros:
            self._zeros[type_] = self._function.new_value(f"{type_.value}.const", type_, immediate=0)
        return self._zeros[type_]
