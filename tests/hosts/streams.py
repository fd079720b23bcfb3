"""tests/programs/streams.wat, compiled in each layout of the memory."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from zkwasm_compiler import CompileOptions, Program, compile_module
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import PublicInputs

TEXT = (Path(__file__).resolve().parent.parent / "programs" / "streams.wat").read_text()


@cache
def streams(layout: str = "words", level: int = 2) -> Program:
    """All exports of the program."""
    return compile_module(
        wat_to_wasm(TEXT), CompileOptions(memory_layout=layout, optimization_level=level, name="streams")
    )


def inputs(program: Program, name: str, *args: int, private: bytes = b"", public: bytes = b"") -> PublicInputs:
    """The inputs of a provable call of an export."""
    assert program.interface is not None
    export = program.interface.export(name)
    assert export is not None
    return PublicInputs.of_words(args, function_index=export.index).with_data(private, public)


def digest_words(digest: bytes) -> list[tuple[int, int]]:
    """The four output words of a digest."""
    number = int.from_bytes(digest, "big")
    limbs = [number >> 32 * place & 0xFFFFFFFF for place in range(8)]
    return list(zip(limbs[::2], limbs[1::2], strict=True))
