"""Selection of what works on the linear memory: indexes of cells and their tests, words, and passive segments.

`select_bytes` has the accesses of memories with a byte a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Trap, Type, Value, constant_bits
from zkwasm_compiler.ir.integers import signed
from zkwasm_compiler.lowering.conventions import CALL_CLOBBERS, PLACES
from zkwasm_compiler.lowering.legalize import index_of
from zkwasm_compiler.lowering.symbols import UNPROVABLE, trap_label
from zkwasm_compiler.machine.function import Edge
from zkwasm_compiler.machine.step import (
    DEFINED,
    NEXT,
    Advice,
    Operation,
    Slot,
    Step,
    Term,
    VirtualRegister,
    constant_register,
    jump,
    loaded,
    store,
    using,
)
from zkwasm_compiler.rules.affine import field_coefficient
from zkwasm_compiler.rules.representation import CLEAN, INDEX, TIDY, TIDY_INDEX, WORD
from zkwasm_compiler.runtime import word_loops
from zkwasm_compiler.runtime.segments import END as SEGMENTS_END

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.select import Selector

QUARTER = -(0xFFFFFFFF << 30)
"""1/4 in the field."""
EITHER_WAY = "either way"
"""What is said of a branch whose two ways come to the same; a static audit takes it at its word."""
MEMORY_WORDS = Slot("memory_words", 0)
"""How many words a memory that grows has."""

# Indexes


def _word_index(build: Selector, value: Value) -> None:
    """The index, or a trap."""
    check = _bounds(build, build.define(value), value.args)
    trap = trap_label(Trap.OUT_OF_BOUNDS_MEMORY_ACCESS)
    build.step(replace(check, operations=(jump("JMPN", NEXT, trap),)))


def _unchecked_index(build: Selector, value: Value) -> None:
    """The index, with nothing in the high limb when the prover is honest."""
    terms = [build.operand(x, TIDY_INDEX if x.type is Type.INDEX else TIDY) for x in value.args[2::2]]
    build.step(_index_sum(build, build.define(value), value.args, terms))


def _bounds(build: Selector, e: VirtualRegister, operands: list[Value]) -> Step[VirtualRegister]:
    """`e` becomes the index of the cell at a sum. The step that is given is negative exactly for a cell inside:
    with n bytes a cell it is (sum + offset)/n - cells. A quarter is exact in the field where 4 divides the number,
    and no other quarter passes a JMPN: it is near a multiple of p/4."""
    step = _index_sum(build, e, operands, [build.operand(x, build.cover.representation[x]) for x in operands[2::2]])
    if constant_bits(operands[0]) is not None:
        return step
    build.step(step)
    return Step((Term(e), Term(build.operand(operands[0], WORD), -build.symbols.layout.cells_a_word)))


def _index_sum(
    build: Selector, e: VirtualRegister, operands: list[Value], terms: list[VirtualRegister]
) -> Step[VirtualRegister]:
    """`e` becomes the index of the cell at a sum, whose `terms` are in these registers."""
    words = constant_bits(operands[0]) or 0
    layout = build.symbols.layout
    share = QUARTER if layout.cell_bytes == 4 else 1
    factors = [field_coefficient(signed(index_of(factor), 64) * share) for factor in operands[3::2]]
    constant = field_coefficient(signed(index_of(operands[1]), 64) * share) - words * layout.cells_a_word
    return Step(tuple(map(Term, terms, factors)), constant, destinations=(e,))


def _check_index(build: Selector, value: Value) -> None:
    """A trap unless the word `immediate` words beyond an index is inside."""
    index = build.operand(value.args[0], INDEX)
    trap = trap_label(Trap.OUT_OF_BOUNDS_MEMORY_ACCESS)
    step: Step[VirtualRegister] = Step((Term(index),), index_of(value))
    if not build.symbols.memory_words:
        words = build.fresh("words")
        build.step(loaded(words, MEMORY_WORDS))
        step = Step((Term(index), Term(words, -1)), index_of(value))
    build.step(replace(step, operations=(jump("JMPN", NEXT, trap),)))


def _rest(build: Selector, value: Value) -> Step[VirtualRegister]:
    """x + offset - 4*word as a sum, for a word that was located."""
    x = build.operand(value.args[0], build.cover.representation[value.args[0]])
    word = build.operand(value.args[1], INDEX)
    return Step((Term(x), Term(word, -4)), index_of(value) - 4 * build.symbols.memory_words)


def _misalignment(build: Selector, value: Value) -> None:
    """One less than the rest, which must be 1, 2 or 3: then the word is where the address is."""
    rest = _rest(build, value)
    found = build.define(value)
    least = replace(rest, constant=rest.constant - 1, destinations=(found,), operations=(jump("JMPN", UNPROVABLE),))
    build.step(least)
    build.step(Step((Term(found),), -3, operations=(jump("JMPN", NEXT, UNPROVABLE),)))


# Words


def _word(build: Selector, name: str, value: Value) -> Operation[VirtualRegister]:
    """An access to the word of an index in E, or of a constant address."""
    constant = constant_bits(value.args[0])
    if constant is not None:
        return Operation(name, (constant_register(0),), ("E",), slot=Slot("memory", constant // 4 + index_of(value)))
    index = build.operand(value.args[0], INDEX)
    return Operation(name, (index,), ("E",), slot=Slot("memory", build.symbols.memory_words + index_of(value)))


def _load_word(build: Selector, value: Value) -> None:
    build.step(Step(free=DEFINED, destinations=(build.define(value),), operations=(_word(build, "MLOAD", value),)))


def _store_word(build: Selector, value: Value) -> None:
    stored = build.operand(value.args[1], WORD)
    build.step(using(stored, _word(build, "MSTORE", value)))


def _many_words(build: Selector, value: Value) -> None:
    """A call of the loop that fills or moves words."""
    label = word_loops.FILL if value.op == "zk.fill_words" else word_loops.MOVES[index_of(value)]
    operands = tuple(build.operand(arg, WORD) for arg in value.args)
    build.step(Step(operations=(Operation("CALL", operands, PLACES[:3], clobbers=CALL_CLOBBERS, targets=(label,)),)))


def _memory_words(build: Selector, value: Value) -> None:
    build.step(loaded(build.define(value), MEMORY_WORDS))


def _set_memory_words(build: Selector, value: Value) -> None:
    build.step(using(build.operand(value.args[0], CLEAN), store(MEMORY_WORDS)))


# Passive segments


def _segment_word(build: Selector, value: Value) -> None:
    """A word of the table of segments, where a computed call finds it."""
    e, result = build.fresh("e"), build.define(value)
    x = build.operand(value.args[0], build.cover.representation[value.args[0]])
    words = build.symbols.segment_words
    build.step(Step((Term(x),), -words, destinations=(e,), operations=(jump("JMPN", NEXT, UNPROVABLE),)))
    call = Operation("CALL", (e,), ("E",), (result,), ("B",), ("RR",), targets=(SEGMENTS_END,))
    build.step(Step(operations=(call,)))


def _dropped(build: Selector, value: Value) -> None:
    """Whether a segment was dropped."""
    build.step(loaded(build.define(value), Slot("dropped", index_of(value))))


def _drop(build: Selector, value: Value) -> None:
    build.step(using(constant_register(1), store(Slot("dropped", index_of(value)))))


MEMORY_OPS: Mapping[str, Callable[[Selector, Value], object]] = {
    "zk.locate": lambda build, value: build.define(value),  # its terminator makes it
    "zk.word_index": _word_index,
    "zk.unchecked_index": _unchecked_index,
    "zk.check_index": _check_index,
    "zk.misalignment": _misalignment,
    "zk.load_word": _load_word,
    "zk.store_word": _store_word,
    "zk.fill_words": _many_words,
    "zk.move_words": _many_words,
    "zk.memory_words": _memory_words,
    "zk.set_memory_words": _set_memory_words,
    "zk.segment_word": _segment_word,
    "zk.dropped": _dropped,
    "data.drop": _drop,
}

# Tests that end a block


def _by_bounds(build: Selector, value: Value) -> None:
    """The index, and on to one of the targets."""
    located, *operands = value.args
    check = _bounds(build, build.registers[located], operands)
    edges = build.edges(value.targets)
    build.step(replace(check, operations=(jump("JMPN", *(edge.label for edge in edges)),)))
    build.block.edges = edges


def _by_alignment(build: Selector, value: Value) -> None:
    """The prover names the word at x + offset, which must be inside, and x + offset - 4*word must be 0: then 4
    divides x + offset. Nothing holds of what goes to the second target."""
    located, words, offset_, x_, _ = value.args
    e, x = build.registers[located], build.operand(x_, build.cover.representation[x_])
    offset, size = signed(index_of(offset_), 64), constant_bits(words) or 0
    fast, slow = build.edges(value.targets)
    advice = Advice(f"(({{0}} & 4294967295) + {offset}) >> 2", (x,))
    rest_label = f"{build.block.label}_rest"
    inside: Operation[VirtualRegister] = jump("JMPN", rest_label, slow.label)
    check: Step[VirtualRegister] = Step(constant=-size, free=advice, destinations=(e,), operations=(inside,))
    if not size:
        build.step(replace(check, operations=(jump("JMPN", UNPROVABLE),)))
        check = Step((Term(e), Term(build.operand(words, WORD), -1)), operations=(inside,))
    build.step(replace(check, comment=EITHER_WAY))
    build.block.edges = [Edge(rest_label), slow]
    build.open(rest_label, build.block.frequency, [])
    aligned: Operation[VirtualRegister] = jump("JMPZ", fast.label, slow.label)
    rest = Step((Term(x), Term(e, -4)), offset - 4 * size, operations=(aligned,), comment=EITHER_WAY)
    build.step(rest)
    build.block.edges = [fast, Edge(slow.label, list(slow.args))]


def _by_rest(build: Selector, value: Value) -> None:
    """The prover names a word; x + offset - 4*word must then be the rest of one of the four targets."""
    frequency = build.block.frequency
    label = _name_word(build, value)
    edges = build.edges(value.targets)
    for number in range(4):
        if number:
            build.open(f"{label}_r{number}", frequency / 100, [])
        rest = _rest(build, value)
        test = replace(rest, constant=rest.constant - number)
        if number < 3:
            following = f"{label}_r{number + 1}"
            build.step(replace(test, operations=(jump("JMPZ", edges[number].label, following),)))
            build.block.edges = [edges[number], Edge(following)]
        else:
            build.step(replace(test, operations=(jump("JMPNZ", UNPROVABLE),)))
            build.step(Step(operations=(jump("JMP", edges[number].label),)))
            build.block.edges = [edges[number]]
    _not_inside(build, value, label, frequency)


def _by_whole(build: Selector, value: Value) -> None:
    """The prover names a word; x + offset - 4*word is 0 for the first target."""
    frequency = build.block.frequency
    label = _name_word(build, value)
    whole, rest = build.edges(value.targets)
    build.step(replace(_rest(build, value), operations=(jump("JMPZ", whole.label, rest.label),)))
    build.block.edges = [whole, rest]
    _not_inside(build, value, label, frequency)


def _name_word(build: Selector, value: Value) -> str:
    """The prover names a word, which must be inside or not before x + offset: it stays negative exactly where it is
    inside. What follows is for those. Gives the label of the block so far."""
    x = build.operand(value.args[0], build.cover.representation[value.args[0]])
    located, words = build.registers[value.args[1]], build.symbols.memory_words
    label, frequency = build.block.label, build.block.frequency
    inside: Operation[VirtualRegister] = jump("JMPN", f"{label}_r0", f"{label}_out")
    advice = Advice(f"(({{0}} & 4294967295) + {index_of(value)}) >> 2", (x,))
    check: Step[VirtualRegister] = Step(constant=-words, free=advice, destinations=(located,), operations=(inside,))
    if not words:
        build.step(replace(check, operations=(jump("JMPN", UNPROVABLE),)))
        limit = build.fresh("words")
        build.step(loaded(limit, MEMORY_WORDS))
        check = Step((Term(located), Term(limit, -1)), operations=(inside,))
    build.step(check)
    build.block.edges = [Edge(f"{label}_r0"), Edge(f"{label}_out")]
    build.open(f"{label}_r0", frequency, [])
    return label


def _not_inside(build: Selector, value: Value, label: str, frequency: float) -> None:
    """What becomes of a word that is not inside."""
    build.open(f"{label}_out", frequency / 100, [])
    trap = trap_label(Trap.OUT_OF_BOUNDS_MEMORY_ACCESS)
    build.step(replace(_rest(build, value), operations=(jump("JMPN", UNPROVABLE, trap),)))


def _by_number(build: Selector, value: Value) -> None:
    """On to the target of that number."""
    x, label, frequency = build.operand(value.args[0], WORD), build.block.label, build.block.frequency
    *edges, last = build.edges(value.targets)
    for number, edge in enumerate(edges):
        following = last.label if edge is edges[-1] else f"{label}_n{number + 1}"
        if number:
            build.open(f"{label}_n{number}", frequency, [])
        build.step(Step((Term(x),), -number, operations=(jump("JMPZ", edge.label, following),)))
        build.block.edges = [edge, last if edge is edges[-1] else Edge(following)]


MEMORY_TESTS: Mapping[str, Callable[[Selector, Value], None]] = {
    "zk.by_bounds": _by_bounds,
    "zk.by_alignment": _by_alignment,
    "zk.by_rest": _by_rest,
    "zk.by_whole": _by_whole,
    "zk.by_number": _by_number,
}
