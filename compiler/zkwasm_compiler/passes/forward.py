"""Forwarding of stores and loads to later loads: a load of bytes that are known becomes the value that has them.

Its bounds check goes with it, since an access that came before, to the same bytes, has passed one. A store of what is
in its place already goes as well. Where ways bring different values, a parameter of the block where they meet takes
them, if that is cheaper than loading. *Source:* "load elimination" of QBE and "partial redundancy" without insertion of
LLVM's GVN; compare docs/decisions/0008-memory-passes.md.
"""

from __future__ import annotations

from zkwasm_compiler.analysis.loops import loop_nest
from zkwasm_compiler.analysis.memory_dependence import Access, is_load, is_store
from zkwasm_compiler.analysis.order import reverse_postorder
from zkwasm_compiler.ir.function import Block, Function, Type, Value
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.dce import remove_unreachable_blocks
from zkwasm_compiler.passes.memory_search import (
    Content,
    Effect,
    FunctionMemory,
    MemorySearch,
    Node,
    NotFoundError,
)
from zkwasm_compiler.passes.stored_bits import read_back, stores_same

LOAD_STEPS = 2
"""What a load costs at least; a parameter that is not free costs one step on each edge."""


def forward(function: Function, context: Context) -> bool:
    """Replace loads of what is known, and drop stores that change nothing."""
    if not any(is_load(value) or is_store(value) for block in function.blocks for value in block.body):
        return False
    changed = remove_unreachable_blocks(function)
    if changed:
        context.changed()
    return _Forwarder(function, context).run() or changed


class _Forwarder:
    """Changes nothing before the end, so that what is known of the function stays right."""

    def __init__(self, function: Function, context: Context) -> None:
        self.function = function
        self.replaced = Replacements()
        self.memory = FunctionMemory(function, context, self.replaced)
        self.nest = loop_nest(function)
        self.dropped: set[Value] = set()
        self.before: dict[Value, list[Value]] = {}  # what was made for a load, and stands where that stood

    def run(self) -> bool:
        for block in reverse_postorder(self.function):
            for effect in self.memory.effects[block]:
                if effect.access is not None:
                    self._access(effect, effect.access)
        if not self.dropped:
            return False
        self._add_parameters()
        for block in self.function.blocks:
            body: list[Value] = []
            for value in block.body:
                body += self.before.get(value, ())
                if value not in self.dropped:
                    body.append(value)
            block.body = body
        self.replaced.apply(self.function)
        return True

    def _access(self, effect: Effect, access: Access) -> None:
        search = MemorySearch(self.memory, access, effect.position)
        try:
            source = search.run()
        except NotFoundError:
            return
        if is_store(effect.value):
            stored = self.replaced.resolve(effect.value.args[1])
            if isinstance(source, Content) and stores_same(effect.value, stored, source.value, source.shift):
                self.dropped.add(effect.value)
            return
        content = source if isinstance(source, Content) else self._merged(source, access, search.least)
        if content is not None:
            self._replace(effect, access.place.block, content)

    def _replace(self, effect: Effect, block: Block, content: Content) -> None:
        load = effect.value
        made: list[Value] = []

        def make(op: str, type_: Type, args: list[Value], immediate: int | None) -> Value:
            value = self.function.new_value(op, type_, args, immediate, offset=load.offset)
            self.memory.home[value] = (block, effect.position)
            made.append(value)
            return value

        self.replaced.add(load, read_back(make, load, content.value, content.shift))
        self.before[load] = made
        self.dropped.add(load)

    # Where ways meet

    def _merged(self, start: Node, access: Access, least: int) -> Content | None:
        """Parameters for the nodes that `start` needs; None where the ways do not agree or loading is cheaper."""
        nodes, contents = _reached(start)
        shapes = {(content.value.type, content.shift) for content in contents}
        if len(shapes) > 1:
            return None
        price = sum(self.nest.frequency(node.block) for node in nodes)
        if price > LOAD_STEPS * self.nest.frequency(access.place.block):
            return None
        ((type_, shift),) = shapes
        parameters = {node: self._parameter(node, type_, shift, least) for node in nodes}
        for node, parameter in parameters.items():
            self.memory.merged[parameter] = {
                target: source.value if isinstance(source, Content) else parameters[source]
                for target, source in node.inputs
            }
        return Content(parameters[start], shift)

    def _parameter(self, node: Node, type_: Type, shift: int, least: int) -> Value:
        """A parameter for the node's block, put there in the end, that later searches find."""
        value = self.function.new_value("parameter", type_)
        self.memory.home[value] = (node.block, -1)
        self.memory.at_start[node.block].append(
            Effect(-1, value, Access(value, node.place, max(least, 0)), value, shift)
        )
        return value

    def _add_parameters(self) -> None:
        for parameter, arguments in self.memory.merged.items():
            self.memory.home[parameter][0].parameters.append(parameter)
            for target, argument in arguments.items():
                target.args.append(argument)


def _reached(start: Node) -> tuple[list[Node], list[Content]]:
    """The nodes that a node needs, itself among them, and the contents that come into them."""
    nodes: dict[Node, None] = {start: None}
    contents: dict[Content, None] = {}
    work = [start]
    while work:
        for _, source in work.pop().inputs:
            if isinstance(source, Content):
                contents[source] = None
            elif source not in nodes:
                nodes[source] = None
                work.append(source)
    return list(nodes), list(contents)
