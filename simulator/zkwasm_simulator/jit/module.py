"""A program as a WebAssembly module: the functions of its chunks, and around them what starts and ends a run.

The module imports `host_row(row, step)`, which executes one row by the reference interpreter and gives the next one, or
a negative number when it failed; of a program that is profiled also `enter` and `leave` (`call_tree`). It exports
`run(block, left, limit, stop)`, which runs from the block on and says why it ended (`state.Exit`), `reserve(cell)`,
which makes room for a cell and gives 1 when it cannot, and its memories.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.decode import DecodedRow
from zkwasm_simulator.field import LIMB_MASK, PRIME
from zkwasm_simulator.interpreter import END_LABEL
from zkwasm_simulator.jit.advice import MOST_BATCH_BYTES
from zkwasm_simulator.jit.blocks import Block, rare_rows
from zkwasm_simulator.jit.call_tree import TALLIES
from zkwasm_simulator.jit.encoder import (
    BLOCK,
    END,
    I32,
    I64,
    IF,
    LOOP,
    PAGE_BYTES,
    Code,
    ModuleWriter,
    access,
    branch,
    branch_if,
    call,
    get,
    global_get,
    global_put,
    i32,
    i64,
    op,
    put,
    tee,
    unsigned,
)
from zkwasm_simulator.jit.flow import CHUNK_BITS, CHUNK_BLOCKS, ChunkWriter, Layout
from zkwasm_simulator.jit.registers import variable
from zkwasm_simulator.jit.state import (
    CELL_BYTES,
    CELL_MEMORY,
    CELLS,
    COUNTS,
    EXIT_ROW,
    GLOBALS,
    LAST_ROW,
    LEAST_CELLS,
    LEFT,
    LEFT_FIELD,
    LIMIT,
    MOST_CELLS,
    OTHER_GLOBALS,
    ROW_FIELDS,
    STOP,
    UNKNOWN,
    WRITTEN_MEMORY,
)
from zkwasm_simulator.jit.step_value import Helpers


def write_module(
    program: Program,
    rows: Sequence[DecodedRow],
    blocks: Sequence[Block],
    variables: Sequence[str],
    skip_address_check: bool,
    context_is_zero: bool,
    profiled: bool = False,
) -> bytes:
    """The module of a program, in binary form."""
    module = ModuleWriter()
    host_row = module.import_function("host_row", module.type((I32, I64), (I32,)))
    enter = leave = -1
    if profiled:
        counters = [I64] * (1 + len(TALLIES))
        enter = module.import_function("enter", module.type((I32, *counters), ()))
        leave = module.import_function("leave", module.type(counters, ()))
    exits = COUNTS + 8 * len(blocks)
    places = exits + 8 * sum(len(block.exits) for block in blocks)
    table = places + 8 * len(variables)
    first = len(GLOBALS) + OTHER_GLOBALS
    named = {variable(name): first + number for number, name in enumerate(variables)}
    saved = [(8 * number, index) for number, index in enumerate(GLOBALS.values())]
    saved += [(places + 8 * number, index) for number, index in enumerate(named.values())]
    pages = -(-(table + 4 * len(rows)) // PAGE_BYTES)
    module.memory("state", pages, pages)
    module.memory("cells", LEAST_CELLS * CELL_BYTES // PAGE_BYTES, MOST_CELLS * CELL_BYTES // PAGE_BYTES)
    module.memory("written", LEAST_CELLS // PAGE_BYTES, MOST_CELLS // PAGE_BYTES)
    for _ in GLOBALS:
        module.global_variable(I64, i64(0))
    module.memory("batch", 0, MOST_BATCH_BYTES // PAGE_BYTES)
    for kind, initial in ((I64, i64(0)), (I64, i64(0)), (I64, i64(LEAST_CELLS)), *[(I32, i32(0))] * 3):
        module.global_variable(kind, initial)
    for _ in variables:
        module.global_variable(I64, i64(UNKNOWN))
    nothing = module.type((), ())
    helpers = Helpers(
        multiply=module.function(module.type((I64, I64), (I64,)), [(2, I64)], multiply_code()),
        save=module.function(nothing, [], _save(saved)),
        load=module.function(nothing, [], _load(saved)),
        host_row=host_row,
        divide=module.function(module.type((I64,) * 4, (I64,) * 4), [(DIVISION_LOCALS - 4, I64)], divide_code()),
        enter=enter,
        leave=leave,
    )
    block_at = {block.start: block.number for block in blocks}
    end, rare = program.labels.get(END_LABEL, -1), rare_rows(program)
    layout = Layout(
        block_at, GLOBALS | named, len(rows), end, rare, exits, table, skip_address_check, context_is_zero, profiled
    )
    chunk = module.type((I32,), (I32,))
    for first in range(0, len(blocks), CHUNK_BLOCKS):
        locals_, body = ChunkWriter(blocks[first : first + CHUNK_BLOCKS], rows, layout, helpers).function()
        module.table.append(module.function(chunk, locals_, body))
    run = module.function(module.type((I32, I64, I64, I32), (I32,)), [], _run(helpers, chunk))
    module.export_function("run", run)
    reserve = module.function(module.type((I64,), (I32,)), [(1, I64)], _reserve())
    module.export_function("reserve", reserve)
    starts = [block_at.get(row, -1) for row in range(len(rows))]
    module.put_data(0, table, struct.pack(f"<{len(starts)}i", *starts))
    return module.finish()


def multiply_code() -> Code:
    """a · b mod p. With a · b = h·2^96 + m·2^64 + l: 2^64 = 2^32 − 1 and 2^96 = −1 mod p."""
    a, b, low, high = range(4)
    product = get(a) + get(b) + op("i64.mul_wide_u") + put(high) + put(low)
    top = get(high) + i64(32) + op("i64.shr_u")
    # a borrow stands for 2^64, which is 2^32 − 1
    borrow = i64(LIMB_MASK) + i64(0) + get(low) + top + op("i64.lt_u") + op("select")
    minuend = get(low) + top + op("i64.sub") + borrow + op("i64.sub") + put(a)
    middle = get(high) + i64(LIMB_MASK) + op("i64.and") + i64(LIMB_MASK) + op("i64.mul") + put(b)
    total = get(a) + get(b) + op("i64.add") + put(low)
    carry = i64(LIMB_MASK) + i64(0) + get(low) + get(b) + op("i64.lt_u") + op("select")
    carried = get(low) + carry + op("i64.add") + put(low)
    excess = i64(PRIME) + i64(0) + get(low) + i64(PRIME) + op("i64.ge_u") + op("select")
    return product + minuend + middle + total + carried + get(low) + excess + op("i64.sub")


DIVISION_LOCALS = 10


def divide_code() -> Code:
    """a / b and a % b of unsigned numbers of 128 bits, b not 0: takes and gives words, the low ones first.

    Where b has one word, it divides the high word of a first, and then the remainder and the low word in two digits.
    """
    a_low, a_high, b_low, b_high, quotient_high = range(5)
    short = get(a_low) + get(b_low) + op("i64.div_u") + i64(0) + get(a_low) + get(b_low) + op("i64.rem_u") + i64(0)
    code = get(a_high) + get(b_high) + op("i64.or") + op("i64.eqz") + IF + short + op("return") + END
    first = get(a_high) + get(b_low) + op("i64.div_u") + put(quotient_high)
    first += get(a_high) + get(b_low) + op("i64.rem_u") + put(a_high)
    code += get(b_high) + op("i64.eqz") + IF + first + _two_digits() + op("return") + END
    # The remainder is carry : high : low; the quotient comes into a_low from the right.
    count, low, high, carry = 5, 6, 7, 8
    code += i64(64) + put(count) + get(a_high) + put(low) + i64(0) + put(high) + LOOP
    code += get(high) + i64(63) + op("i64.shr_u") + put(carry)
    code += get(high) + i64(1) + op("i64.shl") + get(low) + i64(63) + op("i64.shr_u") + op("i64.or") + put(high)
    code += get(low) + i64(1) + op("i64.shl") + get(a_low) + i64(63) + op("i64.shr_u") + op("i64.or") + put(low)
    code += get(a_low) + i64(1) + op("i64.shl") + put(a_low)
    equal = get(high) + get(b_high) + op("i64.eq") + get(low) + get(b_low) + op("i64.ge_u") + op("i32.and")
    enough = get(high) + get(b_high) + op("i64.gt_u") + equal + op("i32.or")
    enough += get(carry) + op("i64.eqz") + op("i32.eqz") + op("i32.or")
    less = get(low) + get(high) + get(b_low) + get(b_high) + op("i64.sub128") + put(high) + put(low)
    code += enough + IF + less + get(a_low) + i64(1) + op("i64.or") + put(a_low) + END
    code += get(count) + i64(1) + op("i64.sub") + tee(count) + op("i64.eqz") + op("i32.eqz") + branch_if(0) + END
    return code + get(a_low) + i64(0) + get(low) + get(high)


def _two_digits() -> Code:
    """The rest of a division by one word, which a_high is below: digits of 32 bits.

    b is shifted until its first bit is set, so that a digit that is computed from its upper half is at most 2 too
    large. *Source:* Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D.
    """
    low, high, b, _, quotient_high, shift, first, rest, digits, remainder = range(10)
    code = get(b) + op("i64.clz") + put(shift) + get(b) + get(shift) + op("i64.shl") + put(b)
    moved = get(low) + i64(1) + op("i64.shr_u") + i64(63) + get(shift) + op("i64.sub") + op("i64.shr_u")
    code += get(high) + get(shift) + op("i64.shl") + moved + op("i64.or") + put(high)
    code += get(low) + get(shift) + op("i64.shl") + put(low) + i64(0) + put(digits)
    upper = get(b) + i64(32) + op("i64.shr_u")
    for place in (32, 0):
        digit = get(low) + i64(place) + op("i64.shr_u") + i64(LIMB_MASK) + op("i64.and")
        code += get(high) + upper + op("i64.div_u") + put(first) + get(high) + upper + op("i64.rem_u") + put(rest)
        product = get(first) + get(b) + i64(LIMB_MASK) + op("i64.and") + op("i64.mul")
        below = get(rest) + i64(32) + op("i64.shl") + digit + op("i64.or")
        too_large = get(first) + i64(LIMB_MASK) + op("i64.gt_u") + product + below + op("i64.gt_u") + op("i32.or")
        code += LOOP + too_large + IF + get(first) + i64(1) + op("i64.sub") + put(first)
        code += get(rest) + upper + op("i64.add") + tee(rest) + i64(LIMB_MASK) + op("i64.le_u") + branch_if(1)
        code += END + END
        left = get(high) + i64(32) + op("i64.shl") + digit + op("i64.or") + get(first) + get(b) + op("i64.mul")
        code += left + op("i64.sub") + put(high)
        code += get(digits) + i64(32) + op("i64.shl") + get(first) + op("i64.add") + put(digits)
    code += get(high) + get(shift) + op("i64.shr_u") + put(remainder)
    return code + get(digits) + get(quotient_high) + get(remainder) + i64(0)


def _reserve() -> Code:
    """Make room for a cell: memories that are large enough, by doubling. Gives 1 when there cannot be any."""
    cell, count = 0, 1
    fail = i32(1) + op("return")
    code = get(cell) + i64(MOST_CELLS) + op("i64.ge_u") + IF + fail + END
    code += global_get(CELLS) + put(count)
    larger = get(count) + i64(1) + op("i64.shl") + put(count)
    code += BLOCK + LOOP + get(count) + get(cell) + op("i64.gt_u") + branch_if(1) + larger + branch(0) + END + END
    for memory, bytes_ in ((CELL_MEMORY, CELL_BYTES), (WRITTEN_MEMORY, 1)):
        size = b"\x3f" + unsigned(memory)
        wanted = get(count) + i64(PAGE_BYTES // bytes_) + op("i64.div_u") + op("i32.wrap_i64")
        grow = wanted + size + op("i32.sub") + b"\x40" + unsigned(memory)
        code += wanted + size + op("i32.gt_u") + IF
        code += grow + i32(-1) + op("i32.eq") + IF + fail + END + END
    return code + get(count) + global_put(CELLS) + i32(0)


def _save(places: Sequence[tuple[int, int]]) -> Code:
    """Put globals, given with their places in memory 0, there."""
    return b"".join(i32(0) + global_get(index) + access("i64.store", place) for place, index in places)


def _load(places: Sequence[tuple[int, int]]) -> Code:
    return b"".join(i32(0) + access("i64.load", place) + global_put(index) for place, index in places)


def _run(helpers: Helpers, chunk: int) -> Code:
    """Run chunks until one of them says that the run is over."""
    block, left, limit, stop = range(4)
    code = call(helpers.load)
    code += get(left) + global_put(LEFT) + get(limit) + global_put(LIMIT) + get(stop) + global_put(STOP)
    code += LOOP + get(block) + get(block) + i32(CHUNK_BITS) + op("i32.shr_u") + b"\x11" + unsigned(chunk) + b"\x00"
    code += tee(block) + i32(0) + op("i32.ge_s") + branch_if(0) + END
    code += call(helpers.save) + i32(0) + global_get(LEFT) + access("i64.store", LEFT_FIELD)
    for number, register in enumerate((EXIT_ROW, LAST_ROW)):
        code += i32(0) + global_get(register) + access("i32.store", ROW_FIELDS + 4 * number)
    return code + get(block)
