"""The zkASM assembler: parser, syntax tree, printer, and the public assembler's ROM JSON.

`assemble` makes a `Program` from text, `assemble_file` from a file, `assemble_tree` from a built syntax tree; `parse`,
`check` and `check_file` report instead of raising, for tools; `load_rom` reads ROM JSON. Advice is in `asm.advice`.
"""

from __future__ import annotations

from zkwasm_compiler.asm.assembler import (
    Checked,
    SourceReader,
    assemble,
    assemble_file,
    assemble_tree,
    check,
    check_file,
    choose_dialect,
    parse,
)
from zkwasm_compiler.asm.dialect import Choice
from zkwasm_compiler.asm.options import AssembleOptions, Define
from zkwasm_compiler.asm.printer import print_tree
from zkwasm_compiler.asm.program import Interface, Program, RomRow, Variable
from zkwasm_compiler.asm.rom import load_rom
from zkwasm_compiler.asm.source import SourceFile

__all__ = [
    "AssembleOptions",
    "Checked",
    "Choice",
    "Define",
    "Interface",
    "Program",
    "RomRow",
    "SourceFile",
    "SourceReader",
    "Variable",
    "assemble",
    "assemble_file",
    "assemble_tree",
    "check",
    "check_file",
    "choose_dialect",
    "load_rom",
    "parse",
    "print_tree",
]
