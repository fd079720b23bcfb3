"""Redundant block parameters: those that every edge gives the same value."""

from __future__ import annotations

from zkwasm_compiler.ir.function import Function
from zkwasm_compiler.ir.parameters import remove_redundant_parameters
from zkwasm_compiler.passes.context import Context


def parameters(function: Function, context: Context) -> bool:
    """Replace parameters by the one value that reaches them."""
    return remove_redundant_parameters(function)
