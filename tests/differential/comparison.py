"""One module through wasmtime and through compile → simulate, call after call in one instance: `first_difference`."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import wasmtime

from tests.spec_suite import wasm_tools
from tests.wasmtime_oracle import SAME_IN_WASMTIME, TRAPS, UNPROVABLE, Oracle, Outcome
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.driver import CompileOptions, compile_stages
from zkwasm_compiler.errors import ZkwasmError
from zkwasm_compiler.ir.floats import F32
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.ir.memory_layout import AUTO
from zkwasm_simulator import ExecutionFault, Instance, InstantiationError
from zkwasm_simulator.interpreter import Engine
from zkwasm_simulator.values import to_bits

STEP_LIMIT = 3_000_000
QUIET = 1 << 22
"""The bit of an f32 NaN that is 0 in a signaling one."""

Call = tuple[str, tuple[int, ...]]
"""An exported function and its arguments as unsigned patterns."""


@dataclass(frozen=True, slots=True)
class Case:
    """A module, the exports to compile, calls to make, and the exported globals and memory to look at after each.

    With `instance_per_call` each call has an instance of its own. `links` are modules that it imports from, by name.
    """

    wasm: bytes
    exports: tuple[str, ...]
    calls: tuple[Call, ...]
    globals: tuple[str, ...] = ()
    memory: str = ""
    instance_per_call: bool = False
    links: Mapping[str, bytes] = field(default_factory=dict)
    layout: str = AUTO

    def text(self) -> str:
        """The module in the text format, for people."""
        command = [wasm_tools(), "print"]
        return subprocess.run(command, input=self.wasm, capture_output=True, check=True).stdout.decode()


def first_difference(case: Case, optimization_level: int) -> str:
    """What the compiled program does differently from wasmtime; nothing if they agree."""
    expected = expected_outcomes(case)
    try:
        found = found_outcomes(case, optimization_level, len(expected))
    except ZkwasmError as error:
        return f"-O{optimization_level}: {type(error).__name__}: {error}"
    difference = outcome_difference(case, expected, found)
    return difference and f"-O{optimization_level}: {difference}"


def outcome_difference(case: Case, expected: Sequence[Outcome], found: Sequence[Outcome]) -> str:
    """Where the outcomes of the program are first different from those of wasmtime; nothing if they agree."""
    for call, wanted, got in zip((None, *case.calls), expected, found, strict=False):
        if _exhausted(wanted):
            if case.instance_per_call:
                continue
            return ""  # how deep the stack is differs, and with it everything that follows
        if wanted.results != got.results or (wanted.results != UNPROVABLE and wanted.globals != got.globals):
            return f"{describe(call)}: wasmtime gives {wanted}, the program {got}"
        if got.memory is None and not any(wanted.memory or b""):
            continue  # linking leaves out a memory that nothing uses
        if wanted.memory != got.memory:
            return f"{describe(call)}: {memory_difference(wanted.memory, got.memory)}"
    return ""


def memory_difference(wanted: bytes | None, got: bytes | None) -> str:
    """Where two memories that are not the same differ first, as a person would say it."""
    if wanted is None or got is None:
        return "the program has no memory"
    if len(wanted) != len(got):
        return f"wasmtime has {len(wanted)} bytes of memory, the program {len(got)}"
    address = next(index for index, pair in enumerate(zip(wanted, got, strict=True)) if pair[0] != pair[1])
    start, end = address & ~15, (address & ~15) + 16
    return f"from byte {start} on wasmtime has {wanted[start:end].hex(' ')}, the program {got[start:end].hex(' ')}"


def describe(call: Call | None) -> str:
    """A call as a person would write it."""
    if call is None:
        return "instantiation"
    name, args = call
    return f"{name}({', '.join(map(hex, args))})"


def expected_outcomes(case: Case) -> list[Outcome]:
    """What wasmtime gives for the instantiation and for each call; it ends where the state is no longer defined."""
    try:
        oracle = Oracle(case.wasm, case.links)
    except wasmtime.Trap as trap:
        return [Outcome(TRAPS[trap.trap_code], ())]
    outcomes = [Outcome((), (), oracle.memory(case.memory) if case.memory else b"")]
    for name, args in case.calls:
        oracle = Oracle(case.wasm, case.links) if case.instance_per_call else oracle
        outcomes.append(oracle.call(name, args, case.globals, case.memory))
        if not case.instance_per_call and (outcomes[-1].results == UNPROVABLE or _exhausted(outcomes[-1])):
            break
    return outcomes


def found_outcomes(case: Case, optimization_level: int, count: int) -> list[Outcome]:
    """What the compiled program gives for the instantiation and for the calls, `count` outcomes at most."""
    options = CompileOptions(case.exports, optimization_level, memory_layout=case.layout, links=case.links)
    return program_outcomes(compile_stages(case.wasm, options, dumps=False, verify=True).program, case, count)


def program_outcomes(program: Program, case: Case, count: int, engine: Engine = "auto") -> list[Outcome]:
    """The same for a program that is compiled already."""
    try:
        instance = Instance(program, step_limit=STEP_LIMIT, engine=engine)
    except InstantiationError as error:
        return [Outcome(SAME_IN_WASMTIME.get(error.trap, error.trap), ())]
    outcomes = [Outcome((), (), _memory(instance, case))]
    for name, args in case.calls[: count - 1]:
        instance = Instance(program, step_limit=STEP_LIMIT) if case.instance_per_call else instance
        outcomes.append(_call(instance, case, name, args))
    return outcomes


def _call(instance: Instance, case: Case, name: str, args: Sequence[int]) -> Outcome:
    results: tuple[int, ...] | Trap | str
    try:
        result = instance.call_raw(name, args)
        pairs = zip(result.raw, result.export.results, strict=False)
        raw = tuple(_as_the_oracle_sees(bits, type_) for bits, type_ in pairs)
        results = raw if result.trap is None else SAME_IN_WASMTIME.get(result.trap, result.trap)
    except ExecutionFault as fault:
        results = UNPROVABLE if fault.error_kind == "assert" else str(fault)
    return Outcome(results, tuple(_global(instance, name) for name in case.globals), _memory(instance, case))


def _memory(instance: Instance, case: Case) -> bytes | None:
    if not case.memory:
        return b""
    memory = instance.memories.get(case.memory)
    return None if memory is None else memory.read(0, len(memory))


def _global(instance: Instance, name: str) -> int:
    cell = next(cell for cell in instance.interface.globals if cell.export == name)
    return _as_the_oracle_sees(to_bits(cell.type, instance.globals[name], name), cell.type)


def _as_the_oracle_sees(bits: int, type_: str) -> int:
    """Of a reference whether it is null; of a signaling f32 NaN the quiet one."""
    if type_.endswith("ref"):
        return min(bits, 1)
    return bits | QUIET if type_ == "f32" and F32.is_nan(bits) else bits


def _exhausted(outcome: Outcome) -> bool:
    return outcome.results is Trap.CALL_STACK_EXHAUSTED
