"""The advice language of ``${…}`` and ``$${…}``: typed nodes, parser, printer, and the ROM's JSON form.

`parse` reads the text between the braces, `show` prints it, `resolve` replaces the names of the program, `to_json` and
`from_json` translate to and from the nodes of a ROM.
"""

from __future__ import annotations

from zkwasm_compiler.asm.advice.nodes import (
    SYMBOLS,
    UNARY_SYMBOLS,
    Advice,
    Assignment,
    Binary,
    Call,
    Conditional,
    Data,
    Declaration,
    Empty,
    MemoryValue,
    MemoryValueAt,
    NamedNumber,
    Node,
    Number,
    Register,
    Unary,
    VariableName,
    children,
)
from zkwasm_compiler.asm.advice.parser import AdviceSyntaxError, parse
from zkwasm_compiler.asm.advice.printer import show
from zkwasm_compiler.asm.advice.resolution import Symbols, UnresolvedError, data_nodes, resolve
from zkwasm_compiler.asm.advice.rom import from_json, to_json

__all__ = [
    "SYMBOLS",
    "UNARY_SYMBOLS",
    "Advice",
    "AdviceSyntaxError",
    "Assignment",
    "Binary",
    "Call",
    "Conditional",
    "Data",
    "Declaration",
    "Empty",
    "MemoryValue",
    "MemoryValueAt",
    "NamedNumber",
    "Node",
    "Number",
    "Register",
    "Symbols",
    "Unary",
    "UnresolvedError",
    "VariableName",
    "children",
    "data_nodes",
    "from_json",
    "parse",
    "resolve",
    "show",
    "to_json",
]
