"""Every value that the interpreter computes lies in the range that the analysis claims for it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import HealthCheck, given, settings

from tests.generators import GeneratedModule, generate_module, modules
from tests.ir_oracle import interpreted_outcomes
from tests.memory.test_addresses import EDGES, INDEXES, pointer_function
from zkwasm_compiler.analysis import accumulators
from zkwasm_compiler.analysis.memory_size import largest_memory
from zkwasm_compiler.analysis.order import incoming_edges
from zkwasm_compiler.analysis.ranges import Ranges, value_ranges
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir import interpreter
from zkwasm_compiler.ir.function import Block, Module, Target, Value
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.interpreter import OutOfFuel, run
from zkwasm_compiler.ir.linear_memory import LinearMemory
from zkwasm_compiler.ir.tables import Tables
from zkwasm_compiler.passes.pipeline import optimize
from zkwasm_compiler.wasm import decode
from zkwasm_compiler.wasm.text import wat_to_wasm

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


class RangeChecker:
    """Stands in the interpreter's way and looks at what it computes."""

    def __init__(self, module: Module) -> None:
        memory = largest_memory(module)
        self.ranges = {function: value_ranges(function, memory) for function in module.functions.values()}
        self.checked = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        execute, follow = interpreter._execute, interpreter._follow

        def checked_execute(
            value: Value, frame: interpreter._Frame, state: list[int], memory: LinearMemory, tables: Tables
        ) -> None:
            execute(value, frame, state, memory, tables)
            ranges = self.ranges[frame.function]
            if value in frame.values:
                self.check(ranges, value, frame)
                for arg, range_ in zip(value.args, ranges.arguments[value], strict=False):
                    assert arg not in frame.values or frame.values[arg] in range_, f"{value} {value.op}: {arg}"
            if value in ranges.ordered:
                assert frame.values[value.args[0]] >= frame.values[value.args[1]]

        def checked_follow(frame: interpreter._Frame, target: Target) -> None:
            follow(frame, target)
            ranges = self.ranges[frame.function]
            assert target.block not in ranges.unreachable
            for parameter in target.block.parameters:
                self.check(ranges, parameter, frame)
            for value, bits in frame.values.items():
                if dominates(ranges, value, frame):
                    assert bits in ranges.at(value, target.block), f"{value} {value.op} in {target.block}"

        interpreter._execute, interpreter._follow = checked_execute, checked_follow
        try:
            yield
        finally:
            interpreter._execute, interpreter._follow = execute, follow

    def check(self, ranges: Ranges, value: Value, frame: interpreter._Frame) -> None:
        self.checked += 1
        assert frame.values[value] in ranges.results[value], f"{frame.function.name}: {value} {value.op}"


def dominates(ranges: Ranges, value: Value, frame: interpreter._Frame) -> bool:
    """Whether the frame's value is the one that the block sees: its definition dominates the block."""
    home = next(block for block in frame.function.blocks if value in block.parameters or value in block.body)
    return ranges._tree.dominates(home, frame.block)


def check(generated: GeneratedModule, level: int) -> int:
    module = translate(decode(wat_to_wasm(generated.wat, "generated.wat")))
    optimize(module, level)
    checker = RangeChecker(module)
    with checker.watching():
        interpreted_outcomes(generated, module)
    return checker.checked


@pytest.mark.parametrize("level", [0, 2])
@given(generated=modules())
@SETTINGS
def test_random_modules(level: int, generated: GeneratedModule) -> None:
    check(generated, level)


@pytest.mark.parametrize("level", [0, 2])
def test_larger_random_modules(level: int) -> None:
    checked = 0
    for seed in range(60):
        checked += check(generate_module(random.Random(seed).randrange, size=16), level)
    assert checked > 1000


LOOPS = """
(module
  (func (export "loop") (param $n {type}) (param $limit {type}) (result {type}) (local $i {type}) (local $sum {type})
    (local.set $i {start})
    {guard}
    (block $end
      (loop $again
        {before}
        (local.set $sum ({type}.sub ({type}.mul (local.get $i) ({type}.const 3)) (local.get $sum)))
        (local.set $i ({type}.add (local.get $i) ({type}.const {step})))
        (br_if $again {condition})))
    (local.get $sum)))
"""
ORDERS = ("ne", "ne", "lt_u", "lt_s", "gt_u", "gt_s", "le_u", "ge_s")


def random_loop(chance: random.Random) -> tuple[str, list[tuple[int, int]]]:
    """A counting loop whose numbers are near the ends of the number ranges, and arguments for it."""
    type_ = chance.choice(("i32", "i64"))
    size = 1 << int(type_[1:])
    ends = (0, 1, 7, 100, size // 2 - 3, size // 2 - 1, size // 2, size // 2 + 5, size - 9, size - 1)

    def number() -> int:
        return (chance.choice(ends) + chance.randint(-2, 2)) % size

    limit = chance.choice((f"({type_}.const {number()})", "(local.get $limit)"))
    order = chance.choice(ORDERS)
    guard = f"(if ({type_}.{chance.choice(ORDERS)} (local.get $i) {limit}) (then) (else (return (local.get $n))))"
    nonzero = f"({type_}.ne (local.get $i) ({type_}.const 0))"
    early = f"(br_if $end ({type_}.{chance.choice(ORDERS)} (local.get $i) {limit}))"
    text = LOOPS.format(
        type=type_,
        start=chance.choice((f"({type_}.const {number()})", f"({type_}.and (local.get $n) ({type_}.const -4))")),
        step=chance.choice((1, 1, 2, 2, 3, 3, size - 1, size - 2, size - 4, 4, 64)),
        condition=chance.choice((f"({type_}.{order} (local.get $i) {limit})", nonzero)),
        guard=chance.choice((guard, "")),
        before=chance.choice((early, "")),
    )
    return text, [(number(), number()) for _ in range(2)]


def test_counting_loops() -> None:
    for seed in range(700):
        text, calls = random_loop(random.Random(seed))
        module = translate(decode(wat_to_wasm(text, "loop.wat")))
        optimize(module, seed % 3)
        checker = RangeChecker(module)
        for args in calls:
            with checker.watching(), suppress(TrapError, OutOfFuel):
                run(module, 0, args, fuel=120)


def test_addresses_behind_accesses() -> None:
    """What went well says where pointers are, in loops and behind branches too."""
    narrowed = 0
    for seed in range(120):
        source = random.Random(seed)
        module = translate(decode(wat_to_wasm(f"(module (memory 1) {pointer_function(source)})", "pointers.wat")))
        optimize(module, seed % 3)
        checker = RangeChecker(module)
        for _ in range(6):
            args = [source.choice(EDGES) % (1 << 32), source.choice(INDEXES) % (1 << 32)]
            with checker.watching(), suppress(TrapError, OutOfFuel):
                run(module, 0, args, fuel=300)
        narrowed += sum(
            range_.u_high < 65536
            for ranges in checker.ranges.values()
            for value, range_ in ranges.results.items()
            if value.op in ("parameter", "i32.add")
        )
    assert narrowed > 40


COUNTER = """
(module (func (export "loop") (param $i i32) (param $n i32) (result i32)
  {start}
  (loop $again
    (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
  (local.get $i)))
"""


@pytest.mark.parametrize(
    ("start", "low", "high"),
    [
        ("", 0, (1 << 32) - 1),
        ("(local.set $i (i32.const 3))", 3, 3 + accumulators.MAXIMUM_EXECUTIONS),
        ("(if (i32.ge_u (local.get $i) (local.get $n)) (then (return (i32.const 0))))", 0, (1 << 32) - 2),
        (
            "(if (i32.gt_u (local.get $n) (i32.const 9)) (then (return (i32.const 0))))"
            "(if (i32.ge_u (local.get $i) (local.get $n)) (then (return (i32.const 0))))",
            0,
            8,
        ),
    ],
)
def test_counter_stays_below_its_limit(start: str, low: int, high: int) -> None:
    module = translate(decode(wat_to_wasm(COUNTER.format(start=start), "loop.wat")))
    optimize(module, 2)
    ranges = value_ranges(module.functions[0])
    (counter,) = (value for block in module.functions[0].blocks[1:] for value in block.parameters)
    assert (ranges.results[counter].u_low, ranges.results[counter].u_high) == (low, high)


@pytest.mark.parametrize(("step", "limit", "largest"), [(3, 9, 6), (3, 7, None), (1, 9, 8), (2, 9, None)])
def test_counter_that_may_step_over_its_limit(step: int, limit: int, largest: int | None) -> None:
    text = f"""
    (module (func (export "loop") (result i32) (local $i i32)
      (loop $again
        (br_if $again
          (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const {step}))) (i32.const {limit}))))
      (local.get $i)))
    """
    module = translate(decode(wat_to_wasm(text, "loop.wat")))
    ranges = value_ranges(module.functions[0])
    (counter,) = (value for block in module.functions[0].blocks[1:2] for value in block.parameters)
    high = step * accumulators.MAXIMUM_EXECUTIONS if largest is None else largest
    assert (ranges.results[counter].u_low, ranges.results[counter].u_high) == (0, high)


NUMBERS = (
    "(local.get $n)",
    "(i32.and (local.get $n) (i32.const 7))",
    "(i32.sub (local.get $n) (i32.const 5))",
    "(i32.shr_u (local.get $n) (i32.const 3))",
)


def random_join(chance: random.Random) -> str:
    """A function that goes on after one of several tests of numbers made before."""
    order = ("eq", "ne", "lt_u", "lt_s", "ge_u", "gt_s")
    tests = "".join(
        f"(br_if $join (i32.{chance.choice(order)} {chance.choice(NUMBERS)} (i32.const {chance.randint(-2, 20)})))"
        for _ in range(chance.randint(2, 4))
    )
    nested = f"(if {chance.choice(NUMBERS)} (then {tests}))" if chance.randrange(2) else tests
    uses = " ".join(f"(i32.add (i32.sub {number} (i32.const 1)))" for number in NUMBERS)
    return f"""
    (module (func (export "join") (param $n i32) (result i32)
      (block $join {nested} (return (i32.const 9)))
      {"(i32.const 0) " + uses}))
    """


def test_joins() -> None:
    """What every edge says of a value holds behind the join, whether the edge tests it or what it is made from."""
    narrowed = 0
    for seed in range(150):
        module = translate(decode(wat_to_wasm(random_join(random.Random(seed)), "join.wat")))
        optimize(module, 2)
        checker = RangeChecker(module)
        with checker.watching():
            for n in [*range(-12, 40), 1 << 31, (1 << 31) - 1]:
                run(module, 0, [n % (1 << 32)])
        (ranges,) = checker.ranges.values()
        narrowed += sum(
            at is block
            for narrowings in ranges._narrowed.values()
            for at, _, _ in narrowings
            for block in joins(module)
        )
    assert narrowed > 40


def joins(module: Module) -> list[Block]:
    """The blocks that several edges lead to."""
    return [block for block, edges in incoming_edges(module.functions[0]).items() if len(edges) > 1]
