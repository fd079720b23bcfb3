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

Every block subtracts its steps from those that are left and counts that it was entered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zkwasm_simulator.decode import DecodedRow
from zkwasm_simulator.field import LIMB_MASK
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
from zkwasm_simulator.jit.state import COUNTS, EXIT_ROW, LAST_ROW, LEFT, LIMIT, STOP, TALLY, Exit
from zkwasm_simulator.jit.step_value import Helpers
from zkwasm_simulator.jit.values import Value, signed_form

BLOCK_LOCAL, LEFT_LOCAL, ROW_LOCAL = 0, 1, 2
"""The parameter and first locals: the block that is next, the steps that are left, the row where the code is left."""
FIRST_FREE_LOCAL = 5
LOCALS = ((1, I64), (3, I32))

CHUNK_BITS = 7
CHUNK_BLOCKS = 1 << CHUNK_BITS


@dataclass(frozen=True, slots=True)
class Layout:
    """What every chunk knows of the program: its blocks by their first rows, its length, its end, the rows of its
    traps, and the places of its tables."""

    block_at: Mapping[int, int]
    length: int
    end: int
    traps: frozenset[int]
    exits: int
    table: int
    skip_address_check: bool
    profiled: bool


class ChunkWriter:
    """Writes the function of the chunk whose blocks are `blocks`."""

    def __init__(self, blocks: Sequence[Block], rows: Sequence[DecodedRow], layout: Layout, helpers: Helpers) -> None:
        self.blocks = blocks
        self.rows = rows
        self.layout = layout
        self.helpers = helpers
        self.registers = Registers(self.keep, self.emit)
        self._out: list[Code] = []
        self._next_local = self._most_locals = FIRST_FREE_LOCAL
        self._block = blocks[0]
        self._index = 0
        self._shared: dict[Code, list[Code]] = {}
        self._row_is_set = -1
        self._loops = 0

    def function(self) -> tuple[list[tuple[int, int]], Code]:
        """The locals and the body."""
        first, count = self.blocks[0].number, len(self.blocks)
        self.emit(global_get(LEFT) + put(LEFT_LOCAL) + BLOCK + BLOCK + BLOCK + LOOP + BLOCK * count)
        self.emit(get(BLOCK_LOCAL) + i32(first) + op("i32.sub") + branch_table(range(count), count + 3))
        for index, block in enumerate(self.blocks):
            self.emit(END)
            self._index = index
            self._write(block)
        self.emit(END)
        for place, code in ((BLOCK_LOCAL, Exit.BUDGET), (ROW_LOCAL, Exit.REFUSED)):
            self.emit(END + self._saved(place) + i32(code) + op("return"))
        self.emit(END + self._saved(ROW_LOCAL) + get(BLOCK_LOCAL))
        temporaries = self._most_locals - FIRST_FREE_LOCAL
        return [*LOCALS, (temporaries, I64)], b"".join(self._out)

    def _saved(self, row: int) -> Code:
        return get(LEFT_LOCAL) + global_put(LEFT) + get(row) + global_put(EXIT_ROW)

    # What rows need to know (rows.Writer)

    def emit(self, code: Code) -> None:
        self._out.append(code)

    def keep(self, code: Code) -> Code:
        local = self._next_local
        self._next_local += 1
        self._out.append(code + put(local))
        return get(local)

    def share(self, code: Code, values: int = 1) -> list[Code]:
        """What an expression of locals and constants leaves on the stack, the top first; computed once a block."""
        found = self._shared.get(code)
        if found is None:
            found = self._shared[code] = [self.keep(code), *(self.keep(b"") for _ in range(values - 1))]
        return found

    def leave_if(self, condition: Code, row: int, depth: int = 0) -> None:
        if self._row_is_set != row:
            self.emit(i32(row) + put(ROW_LOCAL))
            self._row_is_set = row if depth == 0 else -1
        self.emit(condition + branch_if(self._refused + depth))

    def leave(self, row: int) -> None:
        self.emit(i32(row) + put(ROW_LOCAL) + branch(self._refused))

    def step(self, row: int) -> Code:
        return global_get(LIMIT) + get(LEFT_LOCAL) + op("i64.sub") + i64(self._block.end - row) + op("i64.sub")

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
        self._row_is_set = -1
        self.registers.forget()
        self._shared.clear()
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
        self.emit(get(LEFT_LOCAL) + i64(block.steps) + op("i64.sub") + tee(LEFT_LOCAL))
        self.emit(i64(0) + op("i64.lt_s") + branch_if(self._budget))
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
        if target == row.index + 1:
            condition, target = condition + op("i32.eqz"), row.jump.otherwise
        if not self._inside(target):
            self.leave_if(condition, row.index)
            code.assign()
            return
        code.assign()
        assert isinstance(target, int)
        rest = self._block.end - row.index - 1
        count = self.layout.exits + 8 * side_exit.number
        self.emit(condition + IF + get(LEFT_LOCAL) + i64(rest) + op("i64.add") + put(LEFT_LOCAL))
        self._add(count, 1)
        self._tally(side_exit.uses, -1)
        self._go(target, row.index, depth=1)
        self.emit(END)

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
                self.leave_if(self._outside(target), row.index)
            elif not self._inside(jump.target):
                self.leave(row.index)
            code.assign()
            self._note_call(target, row)
            self._taken(target, row)
        else:
            self._conditional(code, row)

    def _note_call(self, target: Value | None, row: DecodedRow) -> None:
        """Tell the tree of calls of a CALL or RETURN, when the run is profiled."""
        if not self.layout.profiled or row.jump.kind == "JMP":
            return
        steps = global_get(LIMIT) + get(LEFT_LOCAL) + op("i64.sub")
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
            self.leave(row.index)
            return
        code.assign()
        assert isinstance(row.jump.otherwise, int)
        self._go(row.jump.otherwise, row.index)

    def _conditional(self, code: RowCode, row: DecodedRow) -> None:
        jump = row.jump
        condition = self._condition(code, row)
        repeating = jump.kind == "next"
        target = self._computed(code, row) if not repeating and jump.target is None else None
        if target is not None:
            self.leave_if(self._outside(target) + condition + op("i32.and"), row.index)
        elif not repeating and not self._inside(jump.target):
            self.leave_if(condition, row.index)
        if not self._inside(jump.otherwise):
            self.leave_if(condition + op("i32.eqz"), row.index)
        code.assign()
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
                return self._negative(code.value(0), row)

    def _negative(self, value: Value, row: DecodedRow) -> Code:
        if not -LIMB_MASK <= value.low <= value.high <= LIMB_MASK:
            number = signed_form(value, self.keep)
            outside = number.code + i64(LIMB_MASK) + op("i64.add") + i64(2 * LIMB_MASK) + op("i64.gt_u")
            self.leave_if(outside, row.index)
            if number is value:
                value.narrow(-LIMB_MASK, LIMB_MASK)
            value = number
        return value.code + i64(0) + op("i64.lt_s")

    def _computed(self, code: RowCode, row: DecodedRow) -> Value:
        """The target that a register says: the address before the row is executed."""
        return self.registers.read("RR") if row.jump.kind == "RETURN" else code.address()

    def _outside(self, target: Value) -> Code:
        return target.code + i64(self.layout.length) + op("i64.ge_u")

    def _inside(self, target: int | str | None) -> bool:
        """Whether the code itself goes there. To a trap the interpreter goes, which notes from where."""
        return isinstance(target, int) and 0 <= target < self.layout.length and target not in self.layout.traps

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
