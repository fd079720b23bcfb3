"""Decode the name section: names of the module, of functions and of locals.

Names serve messages only, so a malformed name section is no error: what was read before the fault is kept.
*Source:* WebAssembly Core Specification 2.0, appendix "Custom Sections".
"""

from __future__ import annotations

from zkwasm_compiler.errors import DecodeError
from zkwasm_compiler.wasm.module import Names
from zkwasm_compiler.wasm.reader import Reader

SECTION_NAME = "name"
_MODULE, _FUNCTIONS, _LOCALS = 0, 1, 2


def decode_names(data: bytes, offset: int) -> Names:
    """The names in the content of a name section, which starts at `offset` of the module. Raises nothing."""
    module = ""
    functions: dict[int, str] = {}
    locals_: dict[int, dict[int, str]] = {}
    reader = Reader(data, offset, "the name section")
    try:
        while reader.remaining:
            kind = reader.byte("the kind of a subsection")
            part = reader.part(reader.u32("the size of a subsection"), "a subsection of the name section")
            if kind == _MODULE:
                module = part.name("the module's name")
            elif kind == _FUNCTIONS:
                _decode_map(part, functions)
            elif kind == _LOCALS:
                for _ in range(part.count("functions")):
                    _decode_map(part, locals_.setdefault(part.u32("a function index"), {}))
    except DecodeError:
        pass  # the specification: a malformed custom section is as if it were absent
    return Names(module, functions, locals_)


def _decode_map(reader: Reader, names: dict[int, str]) -> None:
    for _ in range(reader.count("names")):
        index = reader.u32("an index")
        names[index] = reader.name("a name")
