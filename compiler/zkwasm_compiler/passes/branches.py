"""Simplifying branches and the graph of blocks.

Conditions that are known or negated, edges through empty blocks, blocks with one way in and one way out. Needs no
analysis that it would have to keep up to date: it goes round until nothing changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from zkwasm_compiler.analysis.order import incoming_edges
from zkwasm_compiler.analysis.uses import count_uses
from zkwasm_compiler.ir.function import Block, Function, Target, Type, Value, constant_bits
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.dce import remove_unreachable_blocks

INVERSES = {f"{type_}.ge_{sign}": f"{type_}.lt_{sign}" for type_ in ("i32", "i64") for sign in "su"} | {
    "i64.ne": "i64.eq"
}
"""Comparisons that are dearer or rarer than their inverse; a branch can use the inverse instead."""

MAXIMUM_HOPS = 16  # an edge moves on in the next sweep, when the edges ahead of it have been shortened too


@dataclass(frozen=True, slots=True)
class _Graph:
    function: Function
    uses: Counter[Value]


def branches(function: Function, context: Context) -> bool:
    """Simplify until nothing changes."""
    changed = False
    while _sweep(function):
        changed = True
    return changed


def _sweep(function: Function) -> bool:
    changed = False
    graph = _Graph(function, count_uses(function))
    for block in function.blocks:
        assert block.terminator is not None
        for simplify in _SIMPLIFICATIONS:
            changed |= simplify(graph, block, block.terminator)
    changed |= _thread_edges(function)
    changed |= remove_unreachable_blocks(function)
    changed |= _merge_blocks(function)
    return changed


def _go(block: Block, terminator: Value, target: Target) -> None:
    """Make the terminator an unconditional branch."""
    terminator.op, terminator.args, terminator.targets = "br", [], [target]


def _known_condition(graph: _Graph, block: Block, terminator: Value) -> bool:
    if terminator.op not in ("br_if", "br_table"):
        return False
    bits = constant_bits(terminator.args[0])
    if bits is not None:
        last = len(terminator.targets) - 1
        position = min(bits, last) if terminator.op == "br_table" else int(bits == 0)
        _go(block, terminator, terminator.targets[position])
        return True
    first = terminator.targets[0]
    if all(target.block is first.block and target.args == first.args for target in terminator.targets):
        _go(block, terminator, first)
        return True
    return False


def _negated_condition(graph: _Graph, block: Block, terminator: Value) -> bool:
    """``br_if (eqz x) a b`` is ``br_if x b a``; a test of a truth value is the truth value."""
    if terminator.op != "br_if":
        return False
    condition = terminator.args[0]
    if condition.op == "i32.eqz":
        terminator.args = [condition.args[0]]
        terminator.targets.reverse()
        return True
    if condition.op == "i32.ne" and constant_bits(condition.args[1]) == 0:
        terminator.args = [condition.args[0]]
        return True
    inverse = INVERSES.get(condition.op)
    if inverse is None or graph.uses[condition] > 1:
        return False
    zero = condition.op == "i64.ne" and constant_bits(condition.args[1]) == 0
    args = condition.args[:1] if zero else condition.args
    value = graph.function.new_value("i64.eqz" if zero else inverse, Type.I32, args, offset=condition.offset)
    block.body.append(value)
    terminator.args = [value]
    terminator.targets.reverse()
    return True


def _short_table(graph: _Graph, block: Block, terminator: Value) -> bool:
    """Drop table entries that do what the default does; a table of one entry is a test for zero."""
    if terminator.op != "br_table":
        return False
    targets = terminator.targets
    before = len(targets)
    while len(targets) > 1 and targets[-2].block is targets[-1].block and targets[-2].args == targets[-1].args:
        del targets[-2]
    if len(targets) == 1:
        _go(block, terminator, targets[0])
        return True
    if len(targets) == 2:  # index 0 takes the entry, every other index the default
        terminator.op = "br_if"
        targets.reverse()
        return True
    return len(targets) < before


_SIMPLIFICATIONS: tuple[Callable[[_Graph, Block, Value], bool], ...] = (
    _known_condition,
    _negated_condition,
    _short_table,
)


def _thread_edges(function: Function) -> bool:
    """Lead edges past blocks that only decide where to go next."""
    passable = _passable_blocks(function)
    changed = False
    for block in function.blocks:
        for position, target in enumerate(block.targets):
            further = _follow(target, passable)
            if further is not target:
                assert block.terminator is not None
                block.terminator.targets[position] = further
                changed = True
    for block in function.blocks:  # afterwards: a passable block must stay a branch
        changed |= _copy_exit(block)
    return changed


def _passable_blocks(function: Function) -> set[Block]:
    """Blocks without a body whose parameters nothing but their own terminator reads."""
    empty = [block for block in function.blocks[1:] if not block.body]
    owner = {parameter: block for block in empty for parameter in block.parameters}
    passable = {block for block in empty if block.terminator and block.terminator.op in ("br", "br_if", "br_table")}
    for block in function.blocks:
        for value in block.values():
            for arg in [*value.args, *(arg for target in value.targets for arg in target.args)]:
                home = owner.get(arg)
                if home is not None and value is not home.terminator:
                    passable.discard(home)
    return passable


def _follow(target: Target, passable: set[Block]) -> Target:
    """Where an edge finally leads, with its arguments; an empty endless loop leads to itself."""
    seen = {target.block}
    while target.block in passable and len(seen) <= MAXIMUM_HOPS:
        further = _next_edge(target)
        if further is None or further.block in seen:
            break
        seen.add(further.block)
        target = further
    return target


def _next_edge(target: Target) -> Target | None:
    """The edge that the passable block takes when it is entered through `target`, if that is known."""
    terminator = target.block.terminator
    assert terminator is not None
    arguments = dict(zip(target.block.parameters, target.args, strict=True))
    chosen = terminator.targets[0]
    if terminator.op != "br":
        bits = constant_bits(arguments.get(terminator.args[0], terminator.args[0]))
        if bits is None:
            return None
        last = len(terminator.targets) - 1
        chosen = terminator.targets[min(bits, last) if terminator.op == "br_table" else int(bits == 0)]
    return Target(chosen.block, [arguments.get(arg, arg) for arg in chosen.args])


def _copy_exit(block: Block) -> bool:
    """A branch to a block that only returns or traps becomes that exit: it costs the same step."""
    terminator = block.terminator
    if terminator is None or terminator.op != "br":
        return False
    target = terminator.targets[0]
    exit_ = target.block.terminator
    if target.block.body or exit_ is None or exit_.op not in ("return", "trap"):
        return False
    arguments = dict(zip(target.block.parameters, target.args, strict=True))
    terminator.op, terminator.immediate, terminator.targets = exit_.op, exit_.immediate, []
    terminator.args = [arguments.get(arg, arg) for arg in exit_.args]
    terminator.offset = exit_.offset
    return True


def _merge_blocks(function: Function) -> bool:
    """Join a block with its only successor when it is that one's only predecessor."""
    edges = incoming_edges(function)
    replacements = Replacements()
    gone: set[Block] = set()
    for block in function.blocks:
        if block in gone:
            continue
        while (follower := _only_follower(block, edges)) is not None:
            for parameter, arg in zip(follower.parameters, block.targets[0].args, strict=True):
                replacements.add(parameter, arg)
            block.body += follower.body
            block.terminator = follower.terminator
            gone.add(follower)
    function.blocks = [block for block in function.blocks if block not in gone]
    replacements.apply(function)
    return bool(gone)


def _only_follower(block: Block, edges: dict[Block, list[tuple[Block, Target]]]) -> Block | None:
    if block.terminator is None or block.terminator.op != "br":
        return None
    follower = block.terminator.targets[0].block
    return follower if len(edges[follower]) == 1 and follower is not block else None
