"""Computed jumps stay within the rows that they can reach, however long the program is."""

from __future__ import annotations

import pytest

from zkwasm_compiler.asm import assemble
from zkwasm_compiler.driver import compile_module
from zkwasm_compiler.errors import InputError
from zkwasm_compiler.lowering.program import check_computed_jumps
from zkwasm_compiler.wasm.text import wat_to_wasm

CASES = 12
ORDER = f"""(module
  (func (export "plain") (param i64) (result i64) (i64.mul (local.get 0) (local.get 0)))
  (func (export "shift") (param i64 i64) (result i64) (i64.shl (local.get 0) (local.get 1)))
  (func (export "choose") (param i32) (result i32)
    {"(block " * (CASES + 1)} (br_table {" ".join(map(str, range(CASES + 1)))} (local.get 0))
    {" ".join(f") (return (i32.const {case * case + 100}))" for case in range(CASES))}) (i32.const 99)))"""


def test_tables_come_before_the_code_without_them() -> None:
    program = compile_module(wat_to_wasm(ORDER))
    ends = [row["offset"] for row in program.rows if (row.get("ind") or row.get("indRR")) and not row.get("mOp")]
    assert len(ends) == 3, "the dispatch of the call, the power of the shift, the br_table"
    assert max(ends) <= min(program.labels["f_plain"], program.labels["f_shift"])


def test_a_table_that_no_computed_jump_reaches_is_refused() -> None:
    filler = "  0 => A\n" * 0x10000
    check_computed_jumps(assemble(f"start:\n  :JMP(@end + E)\n{filler[:-9]}end:\n  :JMP(start)\n"))
    with pytest.raises(InputError, match="a computed jump reaches rows below 65536"):
        check_computed_jumps(assemble(f"start:\n  :JMP(@end + E)\n{filler}end:\n  :JMP(start)\n"))
