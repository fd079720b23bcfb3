"""Orders of a function's blocks and its edges backwards."""

from __future__ import annotations

from zkwasm_compiler.ir.function import Block, Function, Target


def reverse_postorder(function: Function) -> list[Block]:
    """The reachable blocks, each before its successors but for back edges; the first target comes first."""
    postorder: list[Block] = []
    seen = {function.entry}
    stack = [(function.entry, iter(reversed(function.entry.successors)))]
    while stack:
        block, successors = stack[-1]
        for successor in successors:
            if successor not in seen:
                seen.add(successor)
                stack.append((successor, iter(reversed(successor.successors))))
                break
        else:
            postorder.append(block)
            stack.pop()
    return postorder[::-1]


def incoming_edges(function: Function) -> dict[Block, list[tuple[Block, Target]]]:
    """For every block the edges to it, with the block that each comes from; one block may give several."""
    edges: dict[Block, list[tuple[Block, Target]]] = {block: [] for block in function.blocks}
    for block in function.blocks:
        for target in block.targets:
            edges[target.block].append((block, target))
    return edges


def predecessors(function: Function) -> dict[Block, list[Block]]:
    """For every block the blocks that branch to it, each once, in the order of the function."""
    return {
        block: list(dict.fromkeys(source for source, _ in edges)) for block, edges in incoming_edges(function).items()
    }
