"""How large the linear memory of a module can be: whether anything grows it, and to what."""

from __future__ import annotations

from zkwasm_compiler.ir.function import PAGE_BYTES, Module
from zkwasm_compiler.ir.linear_memory import MAXIMUM_PAGES


def grows(module: Module) -> bool:
    """Whether a function grows the memory; before legalisation and after."""
    return any(
        value.op in ("memory.grow", "zk.memory_words")
        for function in module.functions.values()
        for block in function.blocks
        for value in block.body
    )


def largest_memory(module: Module) -> int:
    """The bytes that the memory never exceeds; 0 without a memory."""
    memory = module.memory
    if memory is None:
        return 0
    if not grows(module):
        return memory.minimum * PAGE_BYTES
    return (MAXIMUM_PAGES if memory.maximum is None else memory.maximum) * PAGE_BYTES
