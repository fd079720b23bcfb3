"""The tables of docs/table-costs.md: what indirect calls and operations on tables cost, and programs with them.

Each cost is the difference of two runs, of a function with the operation and of one without, as for the accesses of
docs/memory-costs.md. `python -m pytest tests/benchmarks tests/docs --bless` measures anew and writes the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.benchmarks.accesses import Cost, difference
from tests.benchmarks.programs import COLUMNS
from tests.benchmarks.test_steps import read_steps
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

MODULE = """
(module
  (type $f (func (param i32 i32) (result i32)))
  (table $fixed 8 funcref)
  (table $one 8 funcref)
  (table $cells 8 funcref)
  (table $grows 8 100 funcref)
  (global $g (mut i32) (i32.const 0))
  (global $end (mut i32) (i32.const 0))
  (global $r (mut funcref) (ref.null func))
  (elem (table $fixed) (i32.const 0) func $leaf $other $third $frame)
  (elem (table $one) (i32.const 1) func $leaf)
  (elem (table $cells) (i32.const 0) func $leaf $other $third $frame)
  (elem (table $grows) (i32.const 0) func $leaf $other $third $frame)
  (elem $later func $leaf $leaf $leaf $leaf)
  (func $leaf (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $other (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
  (func $third (param i32 i32) (result i32) (i32.xor (local.get 0) (local.get 1)))
  (func $frame (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))
  (func (export "writes") (param i32)
    (table.set $cells (local.get 0) (ref.func $leaf)) (table.set $grows (local.get 0) (ref.func $leaf))
    (drop (table.grow $grows (ref.null func) (local.get 0))))
  %s)
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """What is measured, in WebAssembly text, what stands in its place in the function without it, and the index."""

    title: str
    text: str
    base: str
    index: int = 0


def _call(table: str, index: str = "(local.get $i)") -> str:
    return f"(global.set $g (call_indirect {table} (type $f) (local.get $x) (local.get $y) {index}))"


SEEN = "(drop (table.get $cells (i32.const 7))) (drop (table.get $grows (i32.const 7)))"
"""What makes a call initialise the tables; with and without the operation."""
DIRECT = "(global.set $g (i32.add (local.get $x) (local.get $y)))"
NULL = "(global.set $r (ref.null func))"
KEPT = "(global.set $g (local.get $x))"
OPERATIONS = (
    Operation("call_indirect, a constant index", _call("$fixed", "(i32.const 0)"), DIRECT),
    Operation("call_indirect, one function of the signature", _call("$one"), DIRECT, 1),
    Operation("call_indirect, a table that is never written", _call("$fixed"), DIRECT),
    Operation("call_indirect, a table that is written", _call("$cells"), DIRECT),
    Operation("call_indirect, a table that is written, a constant index", _call("$cells", "(i32.const 0)"), DIRECT),
    Operation("call_indirect, a table that grows", _call("$grows"), DIRECT),
    Operation("table.get", "(global.set $r (table.get $cells (local.get $i)))", NULL),
    Operation("table.get of a constant index", "(global.set $r (table.get $cells (i32.const 1)))", NULL),
    Operation("table.set", "(table.set $cells (local.get $i) (ref.func $leaf))", ""),
    Operation("table.size of a table that grows", "(global.set $g (table.size $grows))", KEPT),
    Operation("table.grow by 4 entries of null", "(drop (table.grow $grows (ref.null func) (i32.const 4)))", ""),
    Operation("table.fill of 4 entries", "(table.fill $cells (local.get $i) (ref.func $leaf) (i32.const 4))", ""),
    Operation("table.copy of 4 entries", "(table.copy $cells $cells (local.get $i) (i32.const 2) (i32.const 4))", ""),
    Operation("table.init of 4 entries", "(table.init $cells $later (local.get $i) (i32.const 0) (i32.const 4))", ""),
)

PROGRAMS = {
    "tables.known": "200 calls of a constant index",
    "tables.virtual": "200 calls through a table that is never written",
    "tables.written": "200 calls through a table that is written",
    "tables.moved": "50 times three entries moved, one set and one read",
}
"""What the measured programs do, in the order of the page."""


def operation_table() -> str:
    """A table in Markdown: a row for each of `OPERATIONS`."""
    functions = []
    for number, operation in enumerate(OPERATIONS):
        for kind, text in (("base", operation.base), ("with", operation.text)):
            end = "(global.set $end (i32.const 7))"
            parameters = "(param $x i32) (param $y i32) (param $i i32)"
            functions.append(f'(func (export "{kind} {number}") {parameters} {SEEN} {text} {end})')
    lines = ["| | steps/binary/arith/align/memory |", "|---|---:|"]
    program = compile_module(wat_to_wasm(MODULE % " ".join(functions), ""), CompileOptions())
    lines += [f"| {row.title} | {_cost(Instance(program), n, (5, 6, row.index))} |" for n, row in enumerate(OPERATIONS)]
    return "\n".join(lines)


def _cost(instance: Instance, number: int, arguments: Sequence[int]) -> Cost:
    return difference(instance, f"base {number}", f"with {number}", arguments)


def program_table() -> str:
    """A table in Markdown: a row for each of `PROGRAMS`."""
    recorded = read_steps()
    lines = [f"| | {' | '.join(COLUMNS)} |", "|---" + "|---:" * len(COLUMNS) + "|"]
    lines += [f"| {task} | {' | '.join(map(str, recorded[name].numbers))} |" for name, task in PROGRAMS.items()]
    return "\n".join(lines)


TABLES: dict[str, Callable[[], str]] = {"operations": operation_table, "programs": program_table}
"""The tables by the name in the comment before them."""
