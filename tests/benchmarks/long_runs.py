"""How fast compiled programs run: the interpreter, machine code, and wasmtime with the same WebAssembly.

`python -m tests.benchmarks.long_runs [NAME…]` prints a table in millions of steps a second, in which `wasmtime` is how
many it would have to be for the program to be as fast as its WebAssembly, and another of what compiling takes.
Seconds are those of the processor, so that other work on the machine changes little.
"""

from __future__ import annotations

import argparse
import re
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

import wasmtime

from hatch_zkwasm.costs import aligned
from tests.benchmarks.programs import module_bytes
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Execution, PreparedProgram, PublicInputs, execute
from zkwasm_simulator.interpreter import Engine
from zkwasm_simulator.jit.engine import CompiledProgram

NO_LIMIT = 1 << 62

ADDITIONS = """
(module (func (export "additions") (param $n i32) (result i64) (local $sum i64)
  (loop $again
    (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $n))))
    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
  (local.get $sum)))
"""

COPY = """
(module (memory 1) (data (i32.const 0) "some bytes to copy, again and again")
  (func (export "copy") (param $rounds i32) (result i32) (local $p i32)
    (loop $round
      (local.set $p (i32.const 0))
      (loop $word
        (i32.store offset=8000 (local.get $p) (i32.load (local.get $p)))
        (br_if $word (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const 4))) (i32.const 4000))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.load offset=8000 (i32.const 4))))
"""

_CONSTANTS = [int(2**32 * (prime ** (1 / 3) % 1)) for prime in range(2, 312) if all(prime % d for d in range(2, prime))]


def sha256_module() -> str:
    """A module that compresses a block again and again; its words are the state before."""
    data = "".join(f"\\{byte:02x}" for constant in _CONSTANTS for byte in constant.to_bytes(4, "little"))
    rotations = {"s0": (7, 18, -3), "s1": (17, 19, -10), "t0": (2, 13, 22), "t1": (6, 11, 25)}
    sigma = ""
    for name, amounts in rotations.items():
        parts = [f"(i32.{'rotr' if n > 0 else 'shr_u'} (local.get $x) (i32.const {abs(n)}))" for n in amounts]
        body = f"(i32.xor {parts[0]} (i32.xor {parts[1]} {parts[2]}))"
        sigma += f"(func ${name} (param $x i32) (result i32) {body})\n"
    load = "".join(f"(local.set ${name} (i32.load (i32.const {4 * i})))" for i, name in enumerate("abcdefgh"))
    add = "".join(
        f"(i32.store (i32.const {4 * i}) (i32.add (i32.load (i32.const {4 * i})) (local.get ${name})))"
        for i, name in enumerate("abcdefgh")
    )
    shift = "".join(f"(local.set ${new} (local.get ${old}))" for new, old in zip("hgf", "gfe", strict=True))
    shift += "(local.set $e (i32.add (local.get $d) (local.get $t)))"
    shift += "".join(f"(local.set ${new} (local.get ${old}))" for new, old in zip("dcb", "cba", strict=True))
    return f"""
(module (memory 1) (data (i32.const 1024) "{data}")
  {sigma}
  (func (export "sha256") (param $blocks i32) (result i32)
    {" ".join(f"(local ${name} i32)" for name in "abcdefghtip")}
    (loop $block
      (local.set $i (i32.const 0))
      (loop $copy
        (i32.store offset=64 (local.get $i) (i32.load (i32.and (local.get $i) (i32.const 28))))
        (br_if $copy (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 64))))
      (loop $schedule
        (i32.store offset=64 (local.get $i) (i32.add
          (i32.add (call $s1 (i32.load offset=56 (local.get $i))) (i32.load offset=36 (local.get $i)))
          (i32.add (call $s0 (i32.load offset=4 (local.get $i))) (i32.load (local.get $i)))))
        (br_if $schedule (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 256))))
      {load}
      (local.set $i (i32.const 0))
      (loop $round
        (local.set $t (i32.add
          (i32.add (local.get $h) (call $t1 (local.get $e)))
          (i32.add
            (i32.xor (local.get $g) (i32.and (local.get $e) (i32.xor (local.get $f) (local.get $g))))
            (i32.add (i32.load offset=1024 (local.get $i)) (i32.load offset=64 (local.get $i))))))
        (local.set $p (i32.add (call $t0 (local.get $a)) (i32.or
          (i32.and (local.get $a) (local.get $b))
          (i32.and (local.get $c) (i32.or (local.get $a) (local.get $b))))))
        {shift}
        (local.set $a (i32.add (local.get $t) (local.get $p)))
        (br_if $round (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 256))))
      {add}
      (br_if $block (local.tee $blocks (i32.sub (local.get $blocks) (i32.const 1)))))
    (i32.load (i32.const 0))))
"""


BODIES = (
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47841760435743),
    (
        4.84143144246472,
        -1.16032004402742,
        -0.10362204447112,
        0.60632639299583,
        2.81198684491626,
        -0.02521836165988,
        0.03769367487038,
    ),
    (
        8.34336671824457,
        4.12479856412430,
        -0.40352341711438,
        -1.01077434617879,
        1.82566237123041,
        0.00841576137658,
        0.01128632613196,
    ),
    (
        12.8943695621391,
        -15.1111514016986,
        -0.22330757889265,
        1.08279100644153,
        0.86871301816960,
        -0.01083263740136,
        0.00172372405705,
    ),
    (
        15.3796971148509,
        -25.9193146099879,
        0.17925877295037,
        0.97909073224389,
        0.59469899864767,
        -0.03475595555078,
        0.00203368686992,
    ),
)
"""Position, velocity and mass of the sun and four planets."""


def n_body_module() -> str:
    """A module that moves five bodies under gravity for some steps; the result is the bits of a coordinate."""
    data = "".join(f"\\{byte:02x}" for body in BODIES for number in body for byte in struct.pack("<d", number))
    size, fields = 56, "xyzuvwm"
    at = {name: 8 * number for number, name in enumerate(fields)}

    def load(name: str, body: str) -> str:
        return f"(f64.load offset={at[name]} (local.get ${body}))"

    def change(name: str, body: str, operation: str, by: str) -> str:
        return f"(f64.store offset={at[name]} (local.get ${body}) (f64.{operation} {load(name, body)} {by}))"

    def product(*factors: str) -> str:
        return factors[0] if len(factors) == 1 else f"(f64.mul {factors[0]} {product(*factors[1:])})"

    differences = "".join(f"(local.set $d{c} (f64.sub {load(c, 'a')} {load(c, 'b')}))" for c in "xyz")
    squares = [product(f"(local.get $d{c})", f"(local.get $d{c})") for c in "xyz"]
    distance = f"(local.set $s (f64.add {squares[0]} (f64.add {squares[1]} {squares[2]})))"
    pull = "(local.set $s (f64.div (f64.const 0.01) (f64.mul (local.get $s) (f64.sqrt (local.get $s)))))"
    pairs = "".join(
        change(v, "a", "sub", product(f"(local.get $d{c})", load("m", "b"), "(local.get $s)"))
        + change(v, "b", "add", product(f"(local.get $d{c})", load("m", "a"), "(local.get $s)"))
        for c, v in zip("xyz", "uvw", strict=True)
    )
    moves = "".join(
        change(c, "a", "add", product("(f64.const 0.01)", load(v, "a"))) for c, v in zip("xyz", "uvw", strict=True)
    )
    end = size * len(BODIES)
    return f"""
(module (memory 1) (data (i32.const 0) "{data}")
  (func (export "n_body") (param $steps i32) (result i64)
    (local $a i32) (local $b i32) (local $dx f64) (local $dy f64) (local $dz f64) (local $s f64)
    (loop $step
      (local.set $a (i32.const 0))
      (loop $first
        (local.set $b (i32.add (local.get $a) (i32.const {size})))
        (block $none (loop $second
          (br_if $none (i32.ge_u (local.get $b) (i32.const {end})))
          {differences} {distance} {pull} {pairs}
          (local.set $b (i32.add (local.get $b) (i32.const {size})))
          (br $second)))
        (br_if $first (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const {size}))) (i32.const {end}))))
      (local.set $a (i32.const 0))
      (loop $body
        {moves}
        (br_if $body (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const {size}))) (i32.const {end}))))
      (br_if $step (local.tee $steps (i32.sub (local.get $steps) (i32.const 1)))))
    (i64.load offset={size} (i32.const 0))))
"""


@dataclass(frozen=True, slots=True)
class LongRun:
    """A call that is long with `arguments`, and shorter with `few`."""

    module: Callable[[], bytes]
    export: str
    few: tuple[int, ...]
    arguments: tuple[int, ...]


RUNS = {
    "additions": LongRun(lambda: wat_to_wasm(ADDITIONS), "additions", (100_000,), (20_000_000,)),
    "memory copy": LongRun(lambda: wat_to_wasm(COPY), "copy", (100,), (10_000,)),
    "SHA-256": LongRun(lambda: wat_to_wasm(sha256_module()), "sha256", (50,), (5_000,)),
    "n-body": LongRun(lambda: wat_to_wasm(n_body_module()), "n_body", (2,), (2_000,)),
    "Mandelbrot": LongRun(lambda: module_bytes("kernels.wasm"), "mandelbrot", (0, 0, 10_000), (0, 0, 2_000_000)),
    "Fibonacci": LongRun(lambda: module_bytes("kernels.wasm"), "fibonacci_recursive", (18,), (30,)),
}


def timed(prepared: PreparedProgram, run: LongRun, arguments: tuple[int, ...]) -> tuple[Execution, float]:
    """A provable run and its seconds of processor time, without compiling."""
    interface = prepared.program.interface
    assert interface is not None
    export = interface.export(run.export)
    assert export is not None
    inputs = PublicInputs.of_words(arguments, function_index=export.index)
    began = time.process_time()
    execution = execute(prepared, inputs=inputs, step_limit=NO_LIMIT)
    return execution, time.process_time() - began


def best(prepared: PreparedProgram, run: LongRun, arguments: tuple[int, ...]) -> tuple[Execution, float]:
    """The fastest of three runs."""
    return min((timed(prepared, run, arguments) for _ in range(3)), key=lambda found: found[1])


def seconds_in_wasmtime(module: bytes, run: LongRun) -> float:
    """The same call by wasmtime itself, without compiling."""
    store = wasmtime.Store()
    exports = wasmtime.Instance(store, wasmtime.Module(store.engine, module), []).exports(store)
    function = exports[run.export]
    assert isinstance(function, wasmtime.Func)
    began = time.process_time()
    function(store, *run.arguments)
    return time.process_time() - began


def measure(name: str) -> tuple[str, ...]:
    """A row of the table."""
    run = RUNS[name]
    module = run.module()
    program = compile_module(module, CompileOptions((run.export,)))
    assert program.interface is not None
    check = program.interface.skip_address_check
    prepared: dict[Engine, PreparedProgram] = {
        engine: PreparedProgram(program, skip_address_check=check, engine=engine) for engine in ("reference", "jit")
    }
    few, slow = best(prepared["reference"], run, run.few)
    same, _ = timed(prepared["jit"], run, run.few)
    assert (few.counters, few.registers, few.memory) == (same.counters, same.registers, same.memory), name
    execution, fast = best(prepared["jit"], run, run.arguments)
    rates = (few.steps / slow, execution.steps / fast, execution.steps / seconds_in_wasmtime(module, run))
    return (
        name,
        f"{execution.steps:,}",
        *(f"{rate / 1e6:,.1f}" for rate in rates),
        f"{rates[1] / rates[0]:.0f}",
    )


def many_functions(rows: int) -> Program:
    """The functions of the kernels again and again, under other names, until a program has so many rows."""
    program = compile_module(module_bytes("kernels.wasm"), CompileOptions())
    functions = program.source[program.source.index("\nf_") : program.source.index("\nno_such_function:")]
    labels = re.compile(r"\bf_[\w$]+")
    count = -(-(rows - len(program.rows)) // functions.count("\n  "))
    copies = [labels.sub(lambda label, copy=copy: f"{label[0]}_copy{copy}", functions) for copy in range(count)]
    return assemble(program.source + "".join(copies) + "\n")


def compile_times(rows: int) -> tuple[str, ...]:
    """Seconds of processor time and of waiting for 10,000 rows."""
    program = many_functions(rows)
    processor, clock = time.process_time(), time.perf_counter()
    CompiledProgram(program, skip_address_check=True)
    seconds = (time.process_time() - processor, time.perf_counter() - clock)
    return (f"{len(program.rows):,}", *(f"{10_000 * taken / len(program.rows):.2f}" for taken in seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast compiled programs run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(RUNS)}")
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 50_000, 100_000, 200_000], metavar="N",
                        help="lengths of the programs whose compilation is measured")  # fmt: skip
    options = parser.parse_args()
    print("millions of steps a second\n")
    header = ("program", "steps", "reference", "jit", "wasmtime", "jit/reference")
    print("\n".join(aligned([header, *map(measure, options.names or RUNS)], left=1)))
    print("\nseconds for the compilation of 10,000 instructions to machine code\n")
    print("\n".join(aligned([("instructions", "processor", "clock"), *map(compile_times, options.rows)], left=0)))


if __name__ == "__main__":
    main()
