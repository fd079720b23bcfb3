"""What floating-point operations cost: `python tests/benchmarks/floats.py` prints the tables of docs/float-costs.md.

Each cost is the difference of two runs: a function that applies an operation to its parameters twice, and one that does
it once. So the routine is called; where an operation is used at one place it is inlined. The result goes to a global.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.driver import compile_module
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

Operands = tuple[float, ...]
NUMBERS = ("steps", "binary", "arith", "align", "memory")

ARITHMETIC: dict[str, dict[str, Operands]] = {
    "add": {
        "usual": (3.25, 1.7),
        "other order": (1.7, 3.25),
        "carry": (3.25, 2.9),
        "far": (1e9, 3.25),
        "difference": (3.25, -1.2),
        "cancellation": (3.25, -3.125),
        "zero": (3.25, 0.0),
    },
    "mul": {"usual": (3.25, 1.2), "carry": (3.7, 1.9), "negative": (-3.25, 1.2), "zero": (3.25, 0.0)},
    "div": {"usual": (3.25, 1.2), "smaller significand": (3.25, 1.9), "negative": (-3.25, 1.2)},
    "sqrt": {"usual": (3.25,), "other exponent": (6.5,)},
    "min": {"usual": (3.25, 1.7), "negative": (-3.25, -1.7)},
    "max": {"usual": (3.25, 1.7), "negative": (-3.25, -1.7)},
    "floor": {"usual": (3.25,), "negative": (-3.25,), "small": (0.25,)},
    "ceil": {"usual": (3.25,), "negative": (-3.25,), "small": (0.25,)},
    "trunc": {"usual": (3.25,), "negative": (-3.25,), "small": (0.25,)},
    "nearest": {"usual": (3.25,), "half": (2.5,), "small": (0.25,)},
    "eq": {"equal": (3.25, 3.25), "different": (3.25, 1.7)},
    "lt": {"positive": (3.25, 1.7), "negative": (-3.25, -1.7), "different signs": (-3.25, 1.7)},
    "le": {"positive": (3.25, 1.7), "negative": (-3.25, -1.7), "different signs": (-3.25, 1.7)},
}
"""The operations of both formats with situations."""

CONVERSIONS: dict[str, dict[str, Operands]] = {
    **{f"i32.trunc_{f}_{s}": {"usual": (100.7,)} for f in ("f32", "f64") for s in "su"},
    **{f"i64.trunc_{f}_{s}": {"usual": (100.7,), "large": (1e18,)} for f in ("f32", "f64") for s in "su"},
    **{f"i32.trunc_sat_{f}_s": {"usual": (100.7,), "too large": (1e18,)} for f in ("f32", "f64")},
    **{f"{f}.convert_{i}_u": {"usual": (100,)} for f in ("f32", "f64") for i in ("i32", "i64")},
    **{f"{f}.convert_{i}_s": {"usual": (100,), "negative": (-100,)} for f in ("f32", "f64") for i in ("i32", "i64")},
    "f64.promote_f32": {"usual": (3.25,)},
    "f32.demote_f64": {"usual": (3.25,), "subnormal result": (1e-40,)},
}


@dataclass(frozen=True, slots=True)
class Cost:
    """The numbers are those of `NUMBERS`."""

    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return "/".join(map(str, self.numbers))


def costs(instruction: str, situations: dict[str, Operands]) -> dict[str, Cost]:
    """What an instruction costs in each situation."""
    type_, _, name = instruction.partition(".")
    source = name.removesuffix("_s").removesuffix("_u").rpartition("_")[2] if "_" in name else type_
    result = "i32" if name in ("eq", "lt", "le") else type_
    count = len(next(iter(situations.values())))

    def use(number: int) -> str:
        operands = " ".join(f"(local.get {number * count + operand})" for operand in range(count))
        return f"(global.set {number} ({instruction} {operands}))"

    parameters = f"(param {' '.join([source] * (2 * count))})"
    text = f"""(module
      (global (mut {result}) ({result}.const 0)) (global (mut {result}) ({result}.const 0))
      (func (export "once") {parameters} {use(0)})
      (func (export "twice") {parameters} {use(0)} {use(1)}))"""
    instance = Instance(compile_module(wat_to_wasm(text, "floats.wat")))
    found = {}
    for title, operands in situations.items():
        runs = [_numbers(instance, name, operands * 2) for name in ("once", "twice")]
        found[title] = Cost(tuple(after - before for before, after in zip(*runs, strict=True)))
    return found


def _numbers(instance: Instance, name: str, operands: Operands) -> tuple[int, ...]:
    counters = instance.call(name, *operands).counters
    return counters.steps, counters.binary, counters.arith, counters.mem_align, counters.memory


def arithmetic_table() -> str:
    """A table in Markdown: a row for each operation and situation, a column for each format."""
    lines = ["| | | f32 | f64 |", "|---|---|---|---|"]
    for name, situations in ARITHMETIC.items():
        both = [costs(f"{type_}.{name}", situations) for type_ in ("f32", "f64")]
        lines += [f"| `{name}` | {title} | {both[0][title]} | {both[1][title]} |" for title in situations]
    return "\n".join(lines)


def conversion_table() -> str:
    """A row for each conversion and situation."""
    lines = ["| | | |", "|---|---|---|"]
    for name, situations in CONVERSIONS.items():
        lines += [f"| `{name}` | {title} | {cost} |" for title, cost in costs(name, situations).items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(arithmetic_table(), conversion_table(), sep="\n\n")
