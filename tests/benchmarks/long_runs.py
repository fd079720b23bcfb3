"""How fast compiled programs run: the interpreter, machine code, and wasmtime with the same WebAssembly.

`python -m tests.benchmarks.long_runs [NAME…]` prints a table, in millions of steps a second. `wasmtime` is how many it
would have to be for the program to be as fast as its WebAssembly. N-body needs floating-point numbers; the orbit of a
point of the Mandelbrot set, in fixed point, stands in for it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import wasmtime

from hatch_zkwasm.costs import aligned
from tests.benchmarks.programs import module_bytes
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
    "Mandelbrot": LongRun(lambda: module_bytes("kernels.wasm"), "mandelbrot", (0, 0, 10_000), (0, 0, 2_000_000)),
    "Fibonacci": LongRun(lambda: module_bytes("kernels.wasm"), "fibonacci_recursive", (18,), (30,)),
}


def timed(prepared: PreparedProgram, run: LongRun, arguments: tuple[int, ...]) -> tuple[Execution, float]:
    """A provable run and its seconds, without compiling."""
    interface = prepared.program.interface
    assert interface is not None
    export = interface.export(run.export)
    assert export is not None
    inputs = PublicInputs.of_words(arguments, function_index=export.index)
    began = time.perf_counter()
    execution = execute(prepared, inputs=inputs, step_limit=NO_LIMIT)
    return execution, time.perf_counter() - began


def best(prepared: PreparedProgram, run: LongRun, arguments: tuple[int, ...]) -> tuple[Execution, float]:
    """The fastest of three runs."""
    return min((timed(prepared, run, arguments) for _ in range(3)), key=lambda found: found[1])


def seconds_in_wasmtime(module: bytes, run: LongRun) -> float:
    """The same call by wasmtime itself, without compiling."""
    store = wasmtime.Store()
    exports = wasmtime.Instance(store, wasmtime.Module(store.engine, module), []).exports(store)
    function = exports[run.export]
    assert isinstance(function, wasmtime.Func)
    began = time.perf_counter()
    function(store, *run.arguments)
    return time.perf_counter() - began


def measure(name: str) -> tuple[str, ...]:
    """A row of the table."""
    run = RUNS[name]
    module = run.module()
    program = compile_module(module, CompileOptions((run.export,)))
    assert program.interface is not None
    check = program.interface.skip_address_check
    began = time.perf_counter()
    CompiledProgram(program, check)
    compiling = (time.perf_counter() - began) / len(program.rows) * 10_000
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
        f"{compiling:.2f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast compiled programs run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(RUNS)}")
    names = parser.parse_args().names or RUNS
    print("millions of steps a second; compiling in seconds for 10,000 instructions\n")
    header = ("program", "steps", "reference", "jit", "wasmtime", "jit/reference", "compiling")
    print("\n".join(aligned([header, *map(measure, names)], left=1)))


if __name__ == "__main__":
    main()
