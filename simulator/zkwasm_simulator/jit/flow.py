"""A chunk: consecutive blocks as one WebAssembly function.

The function takes the number of a block and gives that of the next block outside of it, or an `Exit`. Within, blocks
lie in nested `block`s, so that a jump forward is a branch; one backward goes through the table at the head of the loop:

    block $leave  block $refused  block $budget  loop $dispatch
      block $2  block $1  block $0
        br_table by number
      end  (the first block)
      end  (the second block)
      end  (the third block)
    end  end  end  end

Every block subtracts its steps from those that are left and counts that it was entered. Where something fails, it is
left in front of the row that it has *committed* to: up to there cells are written and registers put back. A block
commits behind a row that writes a cell, and in front of a jump.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zkwasm_simulator.decode import DecodedRow
from zkwasm_simulator.field import LIMB_MASK, PRIME
from zkwasm_simulator.jit.blocks import Block, SideExit, Uses
from zkwasm_simulator.jit.call_tree import TALLIES
from zkwasm_simulator.jit.encoder import (
    BLOCK,
    END,
    I32,
    I64,
    IF,
    LOOP,
    Code,
    access,
    branch,
    branch_if,
    branch_table,
    call,
    get,
    global_get,
    global_put,
    i32,
    i64,
    op,
    put,
    tee,
)
from zkwasm_simulator.jit.registers import Registers
from zkwasm_simulator.jit.rows import RowCode
from zkwasm_simulator.jit.state import COUNTS, EXIT_ROW, LAST_ROW, LEFT, LIMIT, STOP, TALLY, WRITTEN_MEMORY, Exit
from zkwasm_simulator.jit.step_value import Helpers
from zkwasm_simulator.jit.values import ZERO, Value

BLOCK_LOCAL, ROW_LOCAL = 0, 1
"""The parameter and the first local, i32: the block that is next, and the row where the code is left."""
FIRST_FREE_LOCAL = 2

_NEGATIVES = (1 << 64) - PRIME + LIMB_MASK

CHUNK_BITS = 6
CHUNK_BLOCKS = 1 << CHUNK_BITS


@dataclass(frozen=True, slots=True)
class Layout:
    """What every chunk knows of the program: its blocks by their first rows, the globals of registers and variables,
    its length, its end, the rows to which only the interpreter goes, and the places of its tables. With
    `context_is_zero` CTX is 0 while code runs."""

    block_at: Mapping[int, int]
    registers: Mapping[str, int]
    length: int
    end: int
    rare: frozenset[int]
    exits: int
    table: int
    skip_address_check: bool
    context_is_zero: bool
    profiled: bool


class ChunkWriter:
    """Writes the function of the chunk whose blocks are `blocks`."""

    def __init__(self, blocks: Sequence[Block], rows: Sequence[DecodedRow], layout: Layout, helpers: Helpers) -> None:
        self.blocks = blocks
        self.rows = rows
        self.layout = layout
        self.helpers = helpers
        self.context_is_zero = layout.context_is_zero
        always = {"CTX": ZERO} if layout.context_is_zero else {}
        self.registers = Registers(self.fresh, self.emit, layout.registers, always)
        self._out: list[Code] = []
        self._next_local = self._most_locals = FIRST_FREE_LOCAL
        self._block = blocks[0]
        self._left: Code = b""
        self._index = 0
        self._kept: dict[Code, Code] = {}
        self._shared: dict[Code, list[Code]] = {}
        self._flags: set[Code] = set()
        self._passed: set[Code] = set()
        self._committed = self._row_is_set = -1
        self._loops = 0

    def function(self) -> tuple[list[tuple[int, int]], Code]:
        """The locals and the body."""
        first, count = self.blocks[0].number, len(self.blocks)
        self.emit(BLOCK + BLOCK + BLOCK + LOOP + BLOCK * count)
        self.emit(get(BLOCK_LOCAL) + i32(first) + op("i32.sub") + branch_table(range(count), count + 3))
        for index, block in enumerate(self.blocks):
            self.emit(END)
            self._index = index
            self._write(block)
        self.emit(END)
        for place, code in ((BLOCK_LOCAL, Exit.BUDGET), (ROW_LOCAL, Exit.REFUSED)):
            self.emit(END + get(place) + global_put(EXIT_ROW) + i32(code) + op("return"))
        self.emit(END + get(ROW_LOCAL) + global_put(EXIT_ROW) + get(BLOCK_LOCAL))
        temporaries = self._most_locals - FIRST_FREE_LOCAL
        return [(1, I32), (temporaries, I64)], b"".join(self._out)

    # What rows need to know (rows.Writer)

    def emit(self, code: Code) -> None:
        self._out.append(code)

    def fresh(self, code: Code) -> Code:
        local = self._next_local
        self._next_local += 1
        self._out.append(code + put(local))
        return get(local)

    def keep(self, code: Code) -> Code:
        local = self._kept.get(code)
        if local is None:
            local = self._kept[code] = self.fresh(code)
        return local

    def share(self, code: Code, values: int = 1) -> list[Code]:
        """What an expression of locals and constants leaves on the stack, the top first; computed once a block."""
        if values == 1:
            return [self.keep(code)]
        found = self._shared.get(code)
        if found is None:
            found = self._shared[code] = [self.fresh(code), *(self.fresh(b"") for _ in range(values - 1))]
        return found

    def same(self, code: Code, local: Code) -> None:
        self._kept[code] = local

    def leave_if(self, condition: Code) -> None:
        if condition not in self._passed:
            self._passed.add(condition)
            self._set_row()
            self.emit(condition + branch_if(self._refused))

    def leave(self) -> None:
        self._set_row()
        self.emit(branch(self._refused))

    def _set_row(self) -> None:
        if self._row_is_set != self._committed:
            self.emit(i32(self._committed) + put(ROW_LOCAL))
            self._row_is_set = self._committed

    def commit(self, row: int) -> None:
        self.registers.flush()
        self._committed = row

    def flag(self, cell: Code) -> None:
        flag = cell + i32(1) + access("i32.store8", 0, WRITTEN_MEMORY)
        if flag not in self._flags:
            self._flags.add(flag)
            self.emit(flag)

    def step(self, row: int) -> Code:
        return global_get(LIMIT) + self._left + op("i64.sub") + i64(self._block.end - row) + op("i64.sub")

    # Depths of the enclosing labels, from the code of a block

    @property
    def _dispatch(self) -> int:
        return len(self.blocks) - 1 - self._index + self._loops

    @property
    def _budget(self) -> int:
        return self._dispatch + 1

    @property
    def _refused(self) -> int:
        return self._dispatch + 2

    @property
    def _leave(self) -> int:
        return self._dispatch + 3

    # Blocks

    def _write(self, block: Block) -> None:
        self._block = block
        last = self.rows[block.end - 1]
        self._loops = int(not block.host and block.start in (last.jump.target, last.jump.otherwise))
        self.emit(LOOP * self._loops)
        self._committed, self._row_is_set = block.start, -1
        self.registers.forget()
        self._kept.clear()
        self._shared.clear()
        self._passed.clear()
        self._flags.clear()
        self._next_local = FIRST_FREE_LOCAL
        self._enter(block)
        rows = self.rows[block.start : block.end]
        exits = {side_exit.row: side_exit for side_exit in block.exits}
        for row in rows[:-1]:
            self._straight(row, exits.get(row.index))
        if block.host:
            self._hosted(rows[-1])
        else:
            self._final(rows[-1])
        self.emit(END * self._loops)
        self._most_locals = max(self._most_locals, self._next_local)

    def _enter(self, block: Block) -> None:
        if block.start == self.layout.end:
            stop = global_get(STOP) + i32(block.number) + op("i32.eq") + IF
            self.emit(stop + i32(Exit.STOPPED) + put(BLOCK_LOCAL) + branch(self._leave + 1) + END)
        self.emit(i32(block.number) + put(BLOCK_LOCAL))
        self._left = self.fresh(global_get(LEFT) + i64(block.steps) + op("i64.sub"))
        self.emit(self._left + global_put(LEFT) + self._left + i64(0) + op("i64.lt_s") + branch_if(self._budget))
        self._add(COUNTS + 8 * block.number, 1)
        self._tally(block.uses, 1)

    def _straight(self, row: DecodedRow, side_exit: SideExit | None) -> None:
        code = RowCode(self, row, self.layout.skip_address_check)
        code.check()
        if side_exit is None:
            code.assign()
        else:
            self._leave_aside(code, row, side_exit)

    def _leave_aside(self, code: RowCode, row: DecodedRow, side_exit: SideExit) -> None:
        """A jump out of the middle of the block: what is left of it was subtracted and counted, but is not executed."""
        condition, target = self._condition(code, row), row.jump.target
        inverted = target == row.index + 1
        if inverted:
            condition, target = condition + op("i32.eqz"), row.jump.otherwise
        if not self._inside(target):
            self.leave_if(condition)
            code.assign()
            self._goes_on(code, row, inverted)
            return
        code.assign()
        self.commit(row.index + 1)
        assert isinstance(target, int)
        rest = self._block.end - row.index - 1
        count = self.layout.exits + 8 * side_exit.number
        self.emit(condition + IF + self._left + i64(rest) + op("i64.add") + global_put(LEFT))
        self._add(count, 1)
        self._tally(side_exit.uses, -1)
        self._go(target, row.index, depth=1)
        self.emit(END)
        self._goes_on(code, row, inverted)

    def _goes_on(self, code: RowCode, row: DecodedRow, negative: bool) -> None:
        """What the block knows when a JMPN has not left it."""
        value = code.value(0)
        if row.jump.kind == "JMPN" and value.high < 1 << 63:
            value.narrow(*((-LIMB_MASK, -1) if negative else (0, LIMB_MASK)))

    def _add(self, place: int, number: int) -> None:
        """Add to a counter in memory."""
        count = i32(0) + access("i64.load", place) + i64(number) + op("i64.add")
        self.emit(i32(0) + count + access("i64.store", place))

    def _tally(self, uses: Uses, sign: int) -> None:
        if not self.layout.profiled:
            return
        for number, count in enumerate(uses.tallies()):
            if count:
                self._add(TALLY + 8 * number, sign * count)

    def _hosted(self, row: DecodedRow) -> None:
        """The row by the reference interpreter, which gives the next row or a negative number."""
        self.registers.flush()
        self.emit(call(self.helpers.save) + i32(row.index) + self.step(row.index) + call(self.helpers.host_row))
        self.emit(tee(ROW_LOCAL) + i32(0) + op("i32.lt_s") + IF)
        self.emit(i32(Exit.FAULT) + put(BLOCK_LOCAL) + branch(self._leave + 1) + END)
        self.emit(call(self.helpers.load))
        if row.jump.kind == "next" and not row.repeat and row.index + 1 < self.layout.length:
            self._go(row.index + 1, row.index)
        else:
            self._go_to_row_local(row.index)

    def _final(self, row: DecodedRow) -> None:
        """The last row of a block, and where it goes."""
        jump = row.jump
        code = RowCode(self, row, self.layout.skip_address_check)
        code.check()
        if jump.kind == "next" and not row.repeat:
            self._assign_and_go(code, row)
        elif jump.kind in ("JMP", "CALL", "RETURN"):
            target = self._computed(code, row) if jump.target is None else None
            if target is not None:
                self.leave_if(self._outside(target))
            elif not self._inside(jump.target):
                self.leave()
            code.assign()
            self.registers.flush()
            self._note_call(target, row)
            self._taken(target, row)
        else:
            self._conditional(code, row)

    def _note_call(self, target: Value | None, row: DecodedRow) -> None:
        """Tell the tree of calls of a CALL or RETURN, when the run is profiled."""
        if not self.layout.profiled or row.jump.kind == "JMP":
            return
        steps = global_get(LIMIT) + self._left + op("i64.sub")
        counters = b"".join(i32(0) + access("i64.load", TALLY + 8 * number) for number in range(len(TALLIES)))
        if row.jump.kind == "RETURN":
            self.emit(steps + counters + call(self.helpers.leave))
            return
        called = i32(row.jump.target) if isinstance(row.jump.target, int) else b""
        if target is not None:
            called = target.code + op("i32.wrap_i64")
        self.emit(called + steps + counters + call(self.helpers.enter))

    def _assign_and_go(self, code: RowCode, row: DecodedRow) -> None:
        if not self._inside(row.jump.otherwise):
            self.leave()
            return
        code.assign()
        self.registers.flush()
        assert isinstance(row.jump.otherwise, int)
        self._go(row.jump.otherwise, row.index)

    def _conditional(self, code: RowCode, row: DecodedRow) -> None:
        jump = row.jump
        condition = self._condition(code, row)
        repeating = jump.kind == "next"
        target = self._computed(code, row) if not repeating and jump.target is None else None
        if target is not None:
            self.leave_if(self._outside(target) + condition + op("i32.and"))
        elif not repeating and not self._inside(jump.target):
            self.leave_if(condition)
        if not self._inside(jump.otherwise):
            self.leave_if(condition + op("i32.eqz"))
        code.assign()
        self.registers.flush()
        if repeating:
            self._branch(row.index, row, condition)
        elif target is None and self._inside(jump.target):
            assert isinstance(jump.target, int)
            self._branch(jump.target, row, condition)
        elif target is not None:
            self.emit(condition + IF)
            self._taken(target, row, depth=1)
            self.emit(END)
        if self._inside(jump.otherwise):
            assert isinstance(jump.otherwise, int)
            self._go(jump.otherwise, row.index)
        else:
            self.emit(op("unreachable"))

    def _condition(self, code: RowCode, row: DecodedRow) -> Code:
        """Whether the jump is taken, as an i32; refused where it cannot be decided."""
        match row.jump.kind:
            case "next":
                return self.registers.read("RCX").code + op("i64.eqz") + op("i32.eqz")
            case "JMPZ":
                return code.value(0).code + op("i64.eqz")
            case "JMPC":
                return code.carry()
            case _:
                return self._negative(code)

    def _negative(self, code: RowCode) -> Code:
        value = code.value(0)
        if value.high < 1 << 63:
            outside = value.code + i64(LIMB_MASK) + op("i64.add") + i64(2 * LIMB_MASK) + op("i64.gt_u")
        else:
            # What is negative begins at p - LIMB_MASK, and comes in front of 0 here; there is nothing from p to 2^64.
            outside = value.code + i64(_NEGATIVES) + op("i64.add") + i64(_NEGATIVES + LIMB_MASK) + op("i64.gt_u")
        if not -LIMB_MASK <= value.low <= value.high <= LIMB_MASK:
            self.leave_if(outside)
            if value.high < 1 << 63:
                value.narrow(-LIMB_MASK, LIMB_MASK)
            elif code.row.destinations:
                code.sign_is_known(-LIMB_MASK, LIMB_MASK)
        return value.code + i64(0) + op("i64.lt_s")

    def _computed(self, code: RowCode, row: DecodedRow) -> Value:
        """The target that a register says: the address before the row is executed."""
        return self.registers.read("RR") if row.jump.kind == "RETURN" else code.address()

    def _outside(self, target: Value) -> Code:
        return target.code + i64(self.layout.length) + op("i64.ge_u")

    def _inside(self, target: int | str | None) -> bool:
        """Whether the code itself goes there. To a trap the interpreter goes, which notes from where."""
        return isinstance(target, int) and 0 <= target < self.layout.length and target not in self.layout.rare

    # Going on

    def _taken(self, target: Value | None, row: DecodedRow, depth: int = 0) -> None:
        if target is None:
            assert isinstance(row.jump.target, int)
            self._go(row.jump.target, row.index, depth)
            return
        self.emit(target.code + op("i32.wrap_i64") + put(ROW_LOCAL))
        self._go_to_row_local(row.index, depth)

    def _go_to_row_local(self, row: int, depth: int = 0) -> None:
        """Go to the row that ROW_LOCAL says: through the table of the blocks that begin at rows."""
        self.emit(i32(row) + global_put(LAST_ROW))
        place = get(ROW_LOCAL) + i32(2) + op("i32.shl")
        self.emit(place + access("i32.load", self.layout.table) + put(BLOCK_LOCAL))
        self.emit(branch(self._dispatch + depth))

    def _branch(self, target: int, row: DecodedRow, condition: Code) -> None:
        """Go to the row `target` if the condition holds."""
        way, last = self._way(target), self._note_last(target, row.index)
        if len(way) == 1 and not last:
            self.emit(condition + branch_if(way[0]))
            return
        self.emit(condition + IF + last)
        self._go(target, row.index, depth=1)
        self.emit(END)

    def _go(self, target: int, row: int, depth: int = 0) -> None:
        """Go to the block at the row `target`."""
        self.emit(self._note_last(target, row))
        way = self._way(target)
        if len(way) == 1:
            self.emit(branch(way[0] + depth))
        else:
            self.emit(i32(way[1]) + put(BLOCK_LOCAL) + branch(way[0] + depth))

    def _note_last(self, target: int, row: int) -> Code:
        """The end wants to know which row led to it."""
        return i32(row) + global_put(LAST_ROW) if target == self.layout.end else b""

    def _way(self, target: int) -> tuple[int, ...]:
        """How to go to a block: the depth of its label; or a depth, and the block's number to be set before."""
        number = self.layout.block_at[target]
        index = number - self.blocks[0].number
        if self._loops and index == self._index:
            return (0,)
        if self._index < index < len(self.blocks):
            return (index - self._index - 1 + self._loops,)
        return (self._dispatch if 0 <= index < len(self.blocks) else self._leave, number)
