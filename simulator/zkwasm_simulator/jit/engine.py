"""The driver: runs the code of a program, and the reference interpreter where the code does not go.

A program is compiled once per process (`compiled`). `advance` takes the machine as the interpreter does and leaves it
as the interpreter would: registers and cells are copied into the WebAssembly instance and back. Whenever the code
leaves in front of a row that it does not execute, the reference interpreter executes that row on the same state, so
faults are those of the reference in every detail.
"""

from __future__ import annotations

import gc
import struct
import time
import weakref
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import addressof, c_char, c_int64
from functools import cache
from itertools import groupby
from typing import Any

from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.faults import ExecutionFault
from zkwasm_simulator.inputs import WORDS_PER_ROOT, root_word
from zkwasm_simulator.interpreter import PreparedProgram, Progress
from zkwasm_simulator.jit.advice import MOST_BATCH_BYTES
from zkwasm_simulator.jit.blocks import (
    Block,
    SideExit,
    Uses,
    blocks_of,
    context_is_zero,
    decode_program,
    variables_of,
)
from zkwasm_simulator.jit.call_tree import TALLIES
from zkwasm_simulator.jit.cells import Cells
from zkwasm_simulator.jit.encoder import PAGE_BYTES
from zkwasm_simulator.jit.module import write_module
from zkwasm_simulator.jit.state import (
    BATCH_BYTES,
    COUNTS,
    HASHED,
    HASHED_BYTES,
    INPUT_WORDS,
    LEFT_FIELD,
    LIMB_NAMES,
    MOST_STREAMS,
    STATE_NAMES,
    STREAM_LENGTHS,
    TALLY,
    TIMESTAMP,
    TRACE_LENGTH,
    UNKNOWN,
    VARIABLE_BOUND,
    Exit,
)
from zkwasm_simulator.jit.values import SINGLE_BOUND
from zkwasm_simulator.machine import SINGLE_REGISTERS, Machine

OPTIMISED_ROWS = 10_000
"""Longer programs are compiled in two thirds of the time, to code that is a tenth slower."""

FIRST_SLICE = 1 << 20
SLICE_SECONDS = 0.1
"""How long the code runs before Python has a look at signals and progress."""

_REGISTERS = struct.Struct(f"<{len(LIMB_NAMES)}Q{len(SINGLE_REGISTERS)}q")
_END_FIELDS = struct.Struct("<qii")


class CompiledProgram:
    """A program as machine code, and what its blocks are."""

    def __init__(self, program: Program, skip_address_check: bool, profiled: bool = False) -> None:
        from wasmtime import Module

        with _cycles_left_alone():
            rows = decode_program(program)
            self.blocks = blocks_of(program, rows)
            self.context_is_zero = context_is_zero(program, self.blocks, rows)
            self.variables = variables_of(rows)
            self.code = write_module(
                program, rows, self.blocks, self.variables, skip_address_check, self.context_is_zero, profiled
            )
        self.hash_rows = frozenset(row.index for row in rows if row.hash is not None)
        self.block_at = {block.start: block for block in self.blocks}
        self.starts = [block.start for block in self.blocks]
        self.counts = len(self.blocks) + sum(len(block.exits) for block in self.blocks)
        self.wasm_engine = wasm_engine(optimised=len(rows) <= OPTIMISED_ROWS)
        self.module = Module(self.wasm_engine, self.code)

    def block_of(self, row: int) -> Block:
        """The block that holds a row."""
        return self.blocks[bisect_right(self.starts, row) - 1]


@contextmanager
def _cycles_left_alone() -> Iterator[None]:
    """Many objects are made that all stay: looking through them for unreachable cycles took a third of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@cache
def wasm_engine(optimised: bool) -> Any:
    from wasmtime import Config, Engine

    config = Config()
    config.cranelift_opt_level = "speed" if optimised else "none"
    config.wasm_multi_memory = True
    config.wasm_wide_arithmetic = True
    return Engine(config)


_COMPILED: dict[tuple[int, bool], CompiledProgram] = {}


def compiled(program: Program, skip_address_check: bool) -> CompiledProgram:
    """The code of `program`, made when it is first asked for."""
    key = (id(program), skip_address_check)
    if key not in _COMPILED:
        _COMPILED[key] = CompiledProgram(program, skip_address_check)
        weakref.finalize(program, _COMPILED.pop, key, None)
    return _COMPILED[key]


def is_compiled(program: Program, skip_address_check: bool) -> bool:
    return (id(program), skip_address_check) in _COMPILED


def advance(
    prepared: PreparedProgram,
    machine: Machine,
    zkpc: int,
    step: int,
    limit: int,
    stop: int,
    progress: Progress | None = None,
) -> tuple[int, int]:
    """As `PreparedProgram.run`, for a program without a hook."""
    if zkpc == stop or step >= limit:
        return prepared.run(machine, zkpc, step, limit, stop)
    run = Run(compiled(prepared.program, prepared.skip_address_check), prepared, machine)
    try:
        return run.advance(zkpc, step, limit, stop, progress)
    finally:
        run.finish()
        run.release()


class Run:
    """One instance of the code that works on one machine."""

    def __init__(self, code: CompiledProgram, prepared: PreparedProgram, machine: Machine) -> None:
        from wasmtime import Func, FuncType, Instance, Store, ValType

        self.code = code
        self.prepared = prepared
        self.machine = machine
        self._fault: ExecutionFault | None = None
        self._store = Store(code.wasm_engine)
        signature = FuncType([ValType.i32(), ValType.i64()], [ValType.i32()])
        imports = [Func(self._store, signature, self._host_row), *self.more_imports(self._store)]
        exports: Any = Instance(self._store, code.module, imports).exports(self._store)
        self._run = exports["run"]
        state = exports["state"]
        size = state.data_len(self._store)
        pointer = state.data_ptr(self._store)
        self._state = memoryview((c_char * size).from_address(addressof(pointer.contents))).cast("B")
        self._counts = (c_int64 * code.counts).from_address(addressof(pointer.contents) + COUNTS)
        self._tally = (c_int64 * len(TALLIES)).from_address(addressof(pointer.contents) + TALLY)
        self._memory = machine.memory
        self.cells = Cells(self._store, exports, machine.memory)
        machine.memory = self.cells  # type: ignore[assignment]
        struct.pack_into("<q", self._state, TRACE_LENGTH, min(machine.trace_length, (1 << 62)))
        roots = (machine.inputs.old_state_root, machine.inputs.old_acc_input_hash)
        words = [root_word(root, index) for root in roots for index in range(WORDS_PER_ROOT)]
        struct.pack_into("<8Q", self._state, INPUT_WORDS, *words)
        self._variables_at = COUNTS + 8 * code.counts
        self._variables = struct.Struct(f"<{len(code.variables)}q")
        self._put_batch(exports["batch"])
        self._put_streams()

    def _put_batch(self, memory: Any) -> None:
        """Give the code the data of the batch and what it asks about it."""
        inputs = self.machine.inputs
        size, timestamp = len(inputs.batch_l2_data), inputs.timestamp_limit
        fits = size <= MOST_BATCH_BYTES and 0 <= timestamp <= VARIABLE_BOUND
        struct.pack_into("<q", self._state, BATCH_BYTES, size)
        struct.pack_into("<q", self._state, TIMESTAMP, timestamp if fits else -1)
        if size and fits:
            memory.grow(self._store, -(-size // PAGE_BYTES))
            memory.write(self._store, inputs.batch_l2_data, 0)

    def _put_streams(self) -> None:
        """Tell the code which hash streams are open, and how long they are."""
        if self.code.hash_rows:
            lengths = [0] * MOST_STREAMS
            for number, stream in self.machine.hash_streams.items():
                if 0 <= number < MOST_STREAMS:
                    lengths[number] = stream.length if stream.open else -1
            struct.pack_into(f"<{MOST_STREAMS}q", self._state, STREAM_LENGTHS, *lengths)

    def _get_streams(self) -> None:
        """Append to the hash streams what the code has hashed."""
        (count,) = struct.unpack_from("<q", self._state, HASHED)
        entries = struct.unpack_from(f"<{count}I", self._state, HASHED_BYTES)
        for number, group in groupby(entries, key=lambda entry: entry >> 8):
            self.machine.stream(number).append(bytes(entry & 0xFF for entry in group))
        struct.pack_into("<q", self._state, HASHED, 0)

    def more_imports(self, store: Any) -> list[Any]:
        """What the module imports besides `host_row`."""
        return []

    def finish(self) -> None:
        """Give the machine back its memory and the counters."""
        self._add_counts()
        self.cells.copy_to(self._memory)
        self.machine.memory = self._memory

    def release(self) -> None:
        """Free the instance: its function `host_row` leads back here, so nothing else would."""
        self._store.close()

    def advance(self, zkpc: int, step: int, limit: int, stop: int, progress: Progress | None) -> tuple[int, int]:
        """Execute steps until row `stop` is reached or `limit` steps are done. *Raises:* ExecutionFault."""
        slice_ = FIRST_SLICE
        refused = -1
        while zkpc != stop and step < limit:
            block = self.code.block_at.get(zkpc)
            # The last step is the interpreter's, which knows where it was.
            if block is None or step == refused or block.steps >= limit - step or not self._put_registers():
                zkpc, step = self.interpret(zkpc, step, stop), step + 1
                continue
            began = time.perf_counter()
            most = min(limit - 1, step + max(slice_, block.steps))
            end, zkpc, step = self._enter(block, step, most, stop)
            refused = step if end == Exit.REFUSED else -1
            if time.perf_counter() - began < SLICE_SECONDS:
                slice_ = min(2 * slice_, 1 << 40)
            if progress is not None:
                progress(step)
        return zkpc, step

    def interpret(self, row: int, step: int, stop: int) -> int:
        """Execute a row by the interpreter; gives the next one. *Raises:* ExecutionFault with its place."""
        following, _ = self.prepared.run(self.machine, row, step, step + 1, stop)
        if row in self.code.hash_rows:
            self._put_streams()
        return following

    def execute_for_code(self, row: int, step: int) -> int:
        """The same in the middle of the code. *Raises:* ExecutionFault without a place."""
        following = self.prepared.rows[row](self.machine, step)
        if row in self.code.hash_rows:
            self._put_streams()
        return following

    def note_entered(self, block: Block, times: int) -> None:
        """Called with what a block has counted, before it is forgotten."""

    def note_left(self, block: Block, side_exit: SideExit, times: int) -> None:
        """The same for a jump out of the middle of a block."""

    def note_split(self, block: Block, row: int) -> None:
        """A block was left in front of a row of it."""

    def _enter(self, block: Block, step: int, limit: int, stop: int) -> tuple[Exit, int, int]:
        """Run the code from a block on; says why it was left, and gives the row and the step that are next."""
        stop_block = self.code.block_at[stop].number if stop in self.code.block_at else -1
        end = Exit(self._run(self._store, block.number, limit - step, limit, stop_block))
        left, row, last = _END_FIELDS.unpack_from(self._state, LEFT_FIELD)
        self._get_registers()
        match end:
            case Exit.NO_BLOCK:
                return end, row, limit - left
            case Exit.BUDGET:
                following = self.code.blocks[row]
                return end, following.start, limit - left - following.steps
            case Exit.REFUSED:
                return end, row, limit - left - self._split_block(row)
            case Exit.STOPPED:
                self.machine.last_zkpc = last
                return end, stop, limit - left
            case _:
                assert self._fault is not None
                raise self._fault

    def _split_block(self, row: int) -> int:
        """Count the block of `row` only as far as that row; gives the steps of the rest."""
        block = self.code.block_of(row)
        self._counts[block.number] -= 1
        self.note_split(block, row)
        self._add_uses(Uses.of([self.prepared.decoded(index) for index in range(block.start, row)]), 1)
        return block.end - row

    def _add_counts(self) -> None:
        """Add what the blocks have counted to the machine's counters."""
        counts = self._counts
        taken = len(self.code.blocks)
        for block in self.code.blocks:
            entered = counts[block.number]
            if entered:
                self.note_entered(block, entered)
                self._add_uses(block.uses, entered)
                counts[block.number] = 0
            for side_exit in block.exits:
                left = counts[taken + side_exit.number]
                if left:
                    self.note_left(block, side_exit, left)
                    self._add_uses(side_exit.uses, -left)
                    counts[taken + side_exit.number] = 0

    def _add_uses(self, uses: Uses, times: int) -> None:
        machine = self.machine
        machine.arith += times * uses.arith
        machine.binary += times * uses.binary
        machine.mem_align += times * uses.mem_align
        machine.memory_accesses += times * uses.memory

    def _put_registers(self) -> bool:
        """Give the code the registers; False when it cannot work with them."""
        if self.code.context_is_zero and self.machine.CTX:
            return False
        values = [getattr(self.machine, name) for name in STATE_NAMES]
        if any(abs(value) > SINGLE_BOUND for value in values[len(LIMB_NAMES) :]):
            return False
        _REGISTERS.pack_into(self._state, 0, *values)
        if self.code.variables:
            numbers = [self.machine.variables.get(name) for name in self.code.variables]
            words = [n if isinstance(n, int) and abs(n) <= VARIABLE_BOUND else UNKNOWN for n in numbers]
            self._variables.pack_into(self._state, self._variables_at, *words)
        return True

    def _get_registers(self) -> None:
        machine = self.machine
        for name, value in zip(STATE_NAMES, _REGISTERS.unpack_from(self._state, 0), strict=True):
            setattr(machine, name, value)
        if self.code.variables:
            words = self._variables.unpack_from(self._state, self._variables_at)
            machine.variables |= {n: w for n, w in zip(self.code.variables, words, strict=True) if w != UNKNOWN}
        if self.code.hash_rows:
            self._get_streams()

    def _host_row(self, row: int, step: int) -> int:
        """Execute a row for the code."""
        if self.code.block_of(row).counting:
            self._add_counts()
        self._get_registers()
        try:
            following = self.execute_for_code(row, step)
        except ExecutionFault as fault:
            self.prepared.locate(fault, step, row)
            self._fault = fault
            return -1
        if not self._put_registers():
            raise AssertionError("a row left a register out of the range of its assignment")
        return following
