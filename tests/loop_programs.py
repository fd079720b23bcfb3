"""Random small loops around loads that are the same in every round, or are not, as something in the loop changes it.

What may change the memory: stores beside, over and far from what is loaded, calls of functions that write or do not,
memory.fill, memory.grow (which lets a load succeed that trapped). What may change the address: the counter, a global, a
number that was loaded. The loops go once more than they need to, not at all, or end in the middle.
"""

from __future__ import annotations

from tests.generators import Choose
from tests.memory_programs import I32_LOADS, MemoryProgram

POINTERS = (0, 4, 8, 9, 16, 65516, 65532, 65533, 65536, 131068, 0xFFFFFFFC)
ROUNDS = (0, 1, 2, 3, 5)


def loop_program(choose: Choose) -> MemoryProgram:
    """`f(p, q, n)` with one or two loops of some rounds; its calls."""
    loops = _Loops(choose)
    statements = "\n      ".join(loops.loop(depth=1 + choose(2)) for _ in range(1 + choose(2)))
    counters = "".join(f" (local $c{number} i32)" for number in range(loops.counters))
    wat = f"""(module
  (memory (export "memory") 1 3)
  (global $g (export "g") (mut i32) (i32.const 4))
  (data (i32.const 0) "\\01\\82\\03\\84\\05\\06\\07\\08\\09\\0a\\0b\\8c\\0d\\8e\\0f\\10\\04\\00\\00\\00\\08")
  (func $writes (param i32)
    (i32.store offset=4 (local.get 0) (i32.add (i32.load offset=4 (local.get 0)) (i32.const 3))))
  (func $reads (param i32) (result i32) (i32.load (local.get 0)))
  (func $counts (global.set $g (i32.and (i32.add (global.get $g) (i32.const 4)) (i32.const 28))))
  (func (export "f") (param $p i32) (param $q i32) (param $n i32) (result i32 i64)
    (local $x i32) (local $r i32){counters}
    (local.set $r (i32.add (local.get $p) (i32.const 8)))
    (block $out
      {statements})
    (local.get $x) (i64.extend_i32_u (memory.size))))"""
    calls = tuple(
        (POINTERS[choose(len(POINTERS))], POINTERS[choose(len(POINTERS))], ROUNDS[choose(len(ROUNDS))])
        for _ in range(4)
    )
    return MemoryProgram(wat, calls)


class _Loops:
    """Writes loops; `counters` are the locals that they count with."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self.counters = 0

    def pick(self, *texts: str) -> str:
        return texts[self.choose(len(texts))]

    def loop(self, depth: int) -> str:
        counter = f"$c{self.counters}"
        self.counters += 1
        body = [self.statement(counter) for _ in range(2 + self.choose(4))]
        if depth > 1:
            body.insert(self.choose(len(body) + 1), self.loop(depth - 1))
        less = f"(local.tee {counter} (i32.sub (local.get {counter}) (i32.const 1)))"
        begin = f"(local.set {counter} (local.get $n))"
        if self.choose(2):  # tested in front of each round
            leave = f"(br_if $done{counter[2:]} (i32.eqz (local.get {counter})))"
            rounds = f"{leave} {' '.join(body)} (drop {less}) (br $again{counter[2:]})"
            return f"{begin} (block $done{counter[2:]} (loop $again{counter[2:]} {rounds}))"
        again = f"(br_if $again{counter[2:]} (i32.gt_s {less} (i32.const 0)))"
        return f"{begin} (loop $again{counter[2:]} {' '.join(body)} {again})"

    def statement(self, counter: str) -> str:
        kind = self.choose(8)
        if kind < 4:
            return self.use(self.load(counter))
        if kind < 6:
            return self.change(counter)
        if kind == 6:
            return self.use(f"(call $reads {self.address(counter)})")
        return f"(if (i32.eq (local.get {counter}) (i32.const {1 + self.choose(2)})) (then {self.inner(counter)}))"

    def inner(self, counter: str) -> str:
        return self.pick(self.use(self.load(counter)), self.change(counter), "(br $out)")

    def use(self, value: str) -> str:
        mixed = f"(i32.add (i32.mul (local.get $x) (i32.const 5)) {value})"
        return self.pick(
            f"(local.set $x {mixed})", f"(local.set $x {mixed})", f"(local.set $r (i32.and {value} (i32.const 28)))"
        )

    def load(self, counter: str) -> str:
        name = I32_LOADS[self.choose(len(I32_LOADS))]
        return f"({name} offset={self.pick('0', '0', '4', '2')} {self.address(counter)})"

    def address(self, counter: str) -> str:
        moving = f"(i32.shl (local.get {counter}) (i32.const {self.choose(3)}))"
        return self.pick(
            "(local.get $p)",
            "(local.get $p)",
            "(local.get $q)",
            "(local.get $r)",
            "(i32.const 8)",
            "(global.get $g)",
            moving,
        )

    def change(self, counter: str) -> str:
        value = self.pick("(local.get $x)", f"(local.get {counter})", "(i32.const 77)")
        store = self.pick("i32.store", "i32.store", "i32.store8", "i32.store16")
        return self.pick(
            f"({store} offset={self.pick('0', '0', '4', '3')} {self.address(counter)} {value})",
            f"({store} offset={self.pick('0', '0', '4', '3')} {self.address(counter)} {value})",
            f"(call $writes {self.address(counter)})",
            "(call $counts)",
            f"(memory.fill {self.address(counter)} {value} (i32.const {self.pick('1', '4', '6')}))",
            f"(local.set $x (i32.add (local.get $x) (memory.grow (i32.const {self.choose(2)}))))",
        )
