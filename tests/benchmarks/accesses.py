"""What loads, stores and bulk operations cost in each situation: `python tests/benchmarks/accesses.py` prints tables.

Each cost is the difference of two runs: a function with the access and the same function without it. The function has
the address in hand and uses what is loaded: it goes to a global, where the high limb of an i32 may be anything and an
i64 has its 64 bits. docs/memory-costs.md has the tables; `pytest tests/docs --bless` writes them there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_compiler.ir.memory_layout import BYTES, LAYOUTS, WORDS
from zkwasm_compiler.ir.ops import ACCESS_BYTES
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

OPS = [op for op in ACCESS_BYTES if op.startswith("i")]
NUMBERS = ("steps", "binary", "arith", "align", "memory")
PLACE = 64
"""The byte address of the accesses; a multiple of eight."""


@dataclass(frozen=True, slots=True)
class Situation:
    """How an address is made of the parameter `$p`, and the parameter that makes it `PLACE` or a few bytes more."""

    title: str
    address: str
    parameter: int = 0
    offset: int = 0


SITUATIONS = (
    Situation("constant", f"(i32.const {PLACE})"),
    Situation("element", "(i32.shl (local.get $p) (i32.const 3))", PLACE // 8),
    Situation("pointer", "(global.get $pointer)"),
    Situation("pointer + 3", "(global.get $pointer)", offset=3),
    *(Situation(f"any, 4n + {rest}", "(local.get $p)", PLACE + rest) for rest in range(4)),
)

FILL = "(memory.fill (local.get $p) (local.get $q) (local.get $r))"
COPY = "(memory.copy (local.get $p) (local.get $q) (local.get $r))"
COPY_16 = "(memory.copy (local.get $p) (local.get $q) (i32.const 16))"

OTHERS = {
    "`memory.size`": ("growing", "(global.set $end (memory.size))", ()),
    "`memory.grow` by a page": ("growing", "(global.set $end (memory.grow (local.get $p)))", (1, 0, 0)),
    "`memory.fill`, 400 bytes at 4n": ("fixed", FILL, (64, 7, 400)),
    "`memory.fill`, 400 bytes at 4n + 1": ("fixed", FILL, (65, 7, 400)),
    "`memory.copy`, 400 bytes from 4n to 4m": ("fixed", COPY, (900, 64, 400)),
    "`memory.copy`, 400 bytes from 4n + 1 to 4m + 1": ("fixed", COPY, (901, 65, 400)),
    "`memory.copy`, 400 bytes from 4n + 1 to 4m": ("fixed", COPY, (900, 65, 400)),
    "`memory.copy`, 16 bytes (a constant) from 4n to 4m": ("fixed", COPY_16, (900, 64, 0)),
    "`memory.copy`, 16 bytes (a constant) from 4n + 1 to 4m": ("fixed", COPY_16, (900, 65, 0)),
}
"""The other instructions of memory: which memory of `MEMORIES` they work on, how they are written, the arguments."""

GROW = '(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))'
MEMORIES = {"fixed": "(memory 1)", "growing": f"(memory 1 4) {GROW}"}
"""A memory whose size never changes, and one that the module can grow."""

BASES = [f"{type_}.base {access}" for type_ in ("i32", "i64") for access in ("load", "store")]

FRAME = f"""
    (global $pointer (mut i32) (i32.const {PLACE}))
    (global $address (mut i32) (i32.const 0))
    (global $i32_used (mut i32) (i32.const 0))
    (global $i64_used (mut i64) (i64.const 0))
    (global $end (mut i32) (i32.const 0))
    (func (export "move") (global.set $pointer (i32.add (global.get $pointer) (i32.const 8))))"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What something costs; the numbers are those of `NUMBERS`."""

    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return "/".join(map(str, self.numbers))


def access_costs(memory: str, layout: str, situations: Sequence[Situation] = SITUATIONS) -> dict[tuple[str, str], Cost]:
    """The cost of each op in each situation, with a memory of `MEMORIES` in a layout."""
    functions = [
        _access(f"{kind}, {situation.title}", kind, situation) for situation in situations for kind in (*BASES, *OPS)
    ]
    instance = _instance(memory, layout, functions)
    costs = {}
    for situation in situations:
        for op in OPS:
            base = f"{op[:4]}base {'load' if 'load' in op else 'store'}"
            names = (f"{base}, {situation.title}", f"{op}, {situation.title}")
            costs[op, situation.title] = difference(instance, *names, (situation.parameter, 7))
    return costs


def other_cost(name: str, layout: str) -> Cost:
    """The cost of an entry of `OTHERS` in a layout."""
    memory, text, arguments = OTHERS[name]
    parameters = "(param $p i32) (param $q i32) (param $r i32)" if arguments else ""
    base = "(global.set $end (i32.const 7))" if "global.set" in text else ""
    functions = [f'(func (export "{kind}") {parameters} {body})' for kind, body in (("base", base), ("other", text))]
    return difference(_instance(memory, layout, functions), "base", "other", arguments)


def _access(name: str, kind: str, situation: Situation) -> str:
    """A function that makes an address and does the access `kind`; or everything but the access of a base kind.

    The value that a load gives goes to a global; without it another value does, before the address is made, so that as
    many registers are free. The value to store goes to a global afterwards.
    """
    type_, _, access = kind.partition(".")
    use = f"(global.set ${type_}_used (local.get $v))"
    make = f"(local.set $a {situation.address}) (global.set $address (local.get $a))"
    instruction = f"{kind} offset={situation.offset}"
    if access == "base load":
        body = f"{use} {make}"
    elif access == "base store":
        body = f"{make} {use}"
    elif access.startswith("load"):
        body = f"{make} (global.set ${type_}_used ({instruction} (local.get $a)))"
    else:
        body = f"{make} ({instruction} (local.get $a) (local.get $v)) {use}"
    end = "(global.set $end (i32.const 7))"
    return f'(func (export "{name}") (param $p i32) (param $v {type_}) (local $a i32) {body} {end})'


def _instance(memory: str, layout: str, functions: Sequence[str]) -> Instance:
    module = wat_to_wasm(f"(module {MEMORIES[memory]} {FRAME} {' '.join(functions)})", "")
    return Instance(compile_module(module, CompileOptions(memory_layout=layout)))


def difference(instance: Instance, base: str, access: str, arguments: Sequence[int]) -> Cost:
    """What a call of one export costs more than one of the other, with the same arguments."""
    without, with_access = (_numbers(instance, name, arguments) for name in (base, access))
    return Cost(tuple(b - a for a, b in zip(without, with_access, strict=True)))


def _numbers(instance: Instance, name: str, arguments: Sequence[int]) -> tuple[int, ...]:
    result = instance.call_raw(name, arguments)
    assert result.trap is None, name
    counters = result.counters
    return counters.steps, counters.binary, counters.arith, counters.mem_align, counters.memory


def access_table(memory: str) -> str:
    """A table in Markdown, with words: a row for each op, a column for each situation."""
    titles, costs = [situation.title for situation in SITUATIONS], access_costs(memory, WORDS.name)
    return _table(titles, {op: [costs[op, title] for title in titles] for op in OPS})


def byte_table() -> str:
    """A table in Markdown, with bytes: a row for each op, a column for each memory and kind of address."""
    situations = (SITUATIONS[0], SITUATIONS[-1])
    columns = {}
    for memory in MEMORIES:
        costs = access_costs(memory, BYTES.name, situations)
        for title, situation in zip(("constant", "any"), situations, strict=True):
            columns[f"{memory}, {title}"] = {op: costs[op, situation.title] for op in OPS}
    return _table(list(columns), {op: [column[op] for column in columns.values()] for op in OPS})


def other_table() -> str:
    """A table in Markdown: a row for each entry of `OTHERS`, a column for each layout."""
    names = [layout.name for layout in LAYOUTS]
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {entry} | {' | '.join(str(other_cost(entry, name)) for name in names)} |" for entry in OTHERS]
    return "\n".join(lines)


def _table(titles: Sequence[str], rows: dict[str, list[Cost]]) -> str:
    lines = [f"| | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    return "\n".join([*lines, *(f"| `{op}` | {' | '.join(map(str, costs))} |" for op, costs in rows.items())])


def main() -> None:
    print("/".join(NUMBERS))
    for memory in MEMORIES:
        print(f"\n{memory}:\n\n{access_table(memory)}")
    print(f"\n{byte_table()}\n\n{other_table()}")


if __name__ == "__main__":
    main()
