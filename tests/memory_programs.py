"""Random WebAssembly modules whose loads and stores meet: few addresses, every width, loops that move pointers.

`memory_program` writes one; `run_in_wasmtime` and `run_interpreted` make the same calls in it and give what came out,
traps and the whole memory among it. The addresses are near 0, near the end of the only page, and near 2^32.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import wasmtime

from tests.generators import Choose
from tests.wasmtime_oracle import TRAPS
from zkwasm_compiler.ir.function import Module, Trap
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.interpreter import run
from zkwasm_compiler.ir.linear_memory import LinearMemory

I32_LOADS = ("i32.load", "i32.load8_u", "i32.load8_s", "i32.load16_u", "i32.load16_s")
I64_LOADS = ("i64.load", "i64.load8_s", "i64.load16_u", "i64.load32_u", "i64.load32_s", "i64.load8_u")
STORES = (
    "i32.store",
    "i32.store",
    "i32.store8",
    "i32.store16",
    "i64.store",
    "i64.store8",
    "i64.store16",
    "i64.store32",
)
OFFSETS = (0, 0, 0, 0, 4, 4, 4, 8, 8, 1, 2, 5, 12, 3, 16, 65516)
POINTERS = (0, 4, 8, 9, 12, 0, 8, 16, 24, 65500, 65508, 65520, 65524, 65529, 0xFFFFFFFC, 0xFFFFFFF8)
CONSTANT_ADDRESSES = (0, 4, 6, 8, 12, 65508)
MEMORY_TRAPS = TRAPS | {wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS: Trap.OUT_OF_BOUNDS_MEMORY_ACCESS}


@dataclass(frozen=True, slots=True)
class MemoryProgram:
    """A module that exports `f (i32, i32, i32) -> (i32, i64)`, its memory and a global; and arguments for calls."""

    wat: str
    calls: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Effects:
    """What one call did."""

    results: tuple[int, ...] | Trap
    global_: int
    memory: bytes


def memory_program(choose: Choose, size: int = 14) -> MemoryProgram:
    """`size` bounds the statements."""
    body = _Statements(choose, size)
    statements = "\n    ".join(body.some())
    counters = "".join(f" (local $c{number} i32)" for number in range(body.counters))
    wat = f"""(module
  (memory (export "memory") 1 2)
  (global $g (export "g") (mut i32) (i32.const 7))
  (data (i32.const 0) "\\01\\82\\03\\84\\05\\86\\07\\88\\09\\8a\\0b\\8c\\0d\\8e\\0f\\90")
  (func $write (param i32 i32) (i32.store offset=4 (local.get 0) (local.get 1)))
  (func $read (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "f") (param $p i32) (param $q i32) (param $v i32) (result i32 i64)
    (local $r i32) (local $x i32) (local $w i64){counters}
    (local.set $r (i32.add (local.get $p) (i32.const 4)))
    {statements}
    (i32.add (local.get $x) (local.get $v)) (local.get $w)))"""
    calls = tuple((POINTERS[choose(len(POINTERS))], POINTERS[choose(len(POINTERS))], choose(1 << 16)) for _ in range(4))
    return MemoryProgram(wat, calls)


@dataclass
class _Statements:
    choose: Choose
    fuel: int
    counters: int = 0
    depth: int = 0
    pool: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pool = [f"{self._memarg()} {self._address()}" for _ in range(2 + self.choose(3))]

    def some(self) -> list[str]:
        made = []
        for _ in range(3 + self.choose(4)):
            if self.fuel > 0:
                self.fuel -= 1
                made.append(self.statement())
        return made

    def statement(self) -> str:
        makers = [self.store] * 3 + [self.load] * 3 + [self.again] * 8 + [self.condition] * 2 + [self.loop] * 4
        makers += [self.bytes, self.bytes, self.assign, self.step, self.call, self.bulk, self.exit, self.set_global]
        return makers[self.choose(len(makers))]()

    def pick(self, *texts: str) -> str:
        return texts[self.choose(len(texts))]

    def where(self) -> str:
        """Offset and address: mostly one of a few."""
        if self.choose(4):
            return self.pool[self.choose(len(self.pool))]
        return f"{self._memarg()} {self._address()}"

    def _address(self) -> str:
        kind = self.choose(9)
        if kind < 5:
            return self.pick("(local.get $p)", "(local.get $r)", "(local.get $q)", "(local.get $r)")
        if kind == 5:
            return f"(i32.const {CONSTANT_ADDRESSES[self.choose(len(CONSTANT_ADDRESSES))]})"
        if kind == 6:
            return f"(i32.add (local.get $p) (i32.const {self.pick('4', '-4', '8', '1')}))"
        if kind == 7:
            return "(i32.shl (i32.and (local.get $r) (i32.const 3)) (i32.const 2))"
        return "(i32.add (local.get $p) (i32.shl (i32.and (local.get $v) (i32.const 3)) (i32.const 2)))"

    def _memarg(self) -> str:
        return f"offset={OFFSETS[self.choose(len(OFFSETS))]}"

    def value(self, type_: str) -> str:
        if type_ == "i64":
            return self.pick("(local.get $w)", "(i64.const 0x1122334455667788)", "(i64.extend_i32_s (local.get $x))")
        return self.pick("(local.get $v)", "(local.get $x)", "(i32.const 5)", "(i32.wrap_i64 (local.get $w))")

    def _loaded(self, type_: str, where: str) -> str:
        ops = I32_LOADS if type_ == "i32" else I64_LOADS
        return f"({ops[self.choose(len(ops))]} {where})"

    def store(self) -> str:
        return self._store_to(self.where())

    def _store_to(self, where: str) -> str:
        op = STORES[self.choose(len(STORES))]
        value = self._loaded(op[:3], self.where()) if self.choose(4) == 0 else self.value(op[:3])
        return f"({op} {where} {value})"

    def load(self) -> str:
        return self._load_of(self.where())

    def _load_of(self, where: str) -> str:
        if self.choose(3) == 0:
            return f"(local.set $w (i64.add (i64.mul (local.get $w) (i64.const 3)) {self._loaded('i64', where)}))"
        local = self.pick("$x", "$v", "$x")
        return f"(local.set {local} (i32.add (i32.mul (local.get $x) (i32.const 5)) {self._loaded('i32', where)}))"

    def again(self) -> str:
        """Two accesses to one place, perhaps with something between them that changes it or its address."""
        where = self.where()
        first = self._load_of(where) if self.choose(2) else self._store_to(where)
        makers = [self.store, self.store, self.call, self.bulk, self.step, self.assign, self.load]
        makers += [self.exit, self.exit, self.set_global]
        between = makers[self.choose(len(makers))]() if self.choose(4) else ""
        second = self._load_of(where) if self.choose(3) else self._store_to(where)
        return f"{first} {between} {second}"

    def bytes(self) -> str:
        """A number put together from bytes, most often neighbours in one order or the other."""
        count, base, first = 2 << self.choose(2), self._address(), self.choose(6)
        backwards, op = self.choose(2), self.pick("or", "or", "add")
        text = "(local.get $v)" if self.choose(2) else "(i32.const 0)"
        for number in range(count):
            place = first + (count - 1 - number if backwards else number) + (self.choose(12) == 11)
            load = f"(i32.load8_{self.pick('u', 'u', 'u', 's')} offset={place} {base})"
            between = self.store() if self.choose(40) == 39 else ""
            text = f"(i32.{op} {text} (i32.shl {load} (i32.const {8 * number}))) {between}"
        return f"(local.set $x {text})"

    def assign(self) -> str:
        return self.pick(
            "(local.set $r (i32.add (local.get $p) (i32.const 8)))",
            "(local.set $r (local.get $q))",
            "(local.set $v (i32.and (local.get $v) (i32.const 7)))",
            "(local.set $q (i32.add (local.get $p) (i32.const 4)))",
            "(local.set $r (select (local.get $p) (local.get $q) (local.get $v)))",
        )

    def step(self) -> str:
        return f"(local.set $r (i32.add (local.get $r) (i32.const {self.pick('4', '-4', '8', '1')})))"

    def condition(self) -> str:
        test = self.pick("(i32.and (local.get $v) (i32.const 1))", "(i32.lt_s (local.get $x) (i32.const 9))")
        otherwise = f" (else {' '.join(self.some())})" if self.choose(2) else ""
        return f"(if {test} (then {' '.join(self.some())}){otherwise})"

    def loop(self) -> str:
        if self.depth >= 2:
            return "nop"
        counter, rounds = f"$c{self.counters}", 1 + self.choose(4)
        self.counters += 1
        self.depth += 1
        self.pool.append(f"(i32.shl (local.get {counter}) (i32.const 2))")  # always inside, and moving
        body = " ".join(self.some())
        self.pool.pop()
        self.depth -= 1
        moved = self.step() if self.choose(2) else ""
        count = f"(local.tee {counter} (i32.sub (local.get {counter}) (i32.const 1)))"
        if self.choose(2):
            return f"(local.set {counter} (i32.const {rounds})) (loop {body} {moved} (br_if 0 {count}))"
        done = f"(br_if 1 (i32.eqz {count}))"
        return f"(local.set {counter} (i32.const {rounds})) (block (loop {done} {body} {moved} (br 0)))"

    def call(self) -> str:
        return self.pick(
            f"(call $write {self._address()} {self.value('i32')})",
            f"(local.set $x (i32.add (local.get $x) (call $read {self._address()})))",
        )

    def bulk(self) -> str:
        return self.pick(
            f"(memory.fill {self._address()} (i32.const 3) (i32.const 5))",
            f"(memory.copy {self._address()} {self._address()} (i32.const 6))",
            "(local.set $x (i32.add (local.get $x) (memory.grow (i32.and (local.get $v) (i32.const 1)))))",
        )

    def exit(self) -> str:
        return self.pick(
            "(if (i32.eq (local.get $x) (i32.const 77)) (then (unreachable)))",
            "(if (i32.lt_u (local.get $v) (i32.const 3)) (then (return (local.get $x) (local.get $w))))",
            "(local.set $x (i32.div_u (local.get $x) (i32.and (local.get $v) (i32.const 15))))",
        )

    def set_global(self) -> str:
        return self.pick("(global.set $g (local.get $x))", "(local.set $p (i32.and (global.get $g) (i32.const 12)))")


def run_in_wasmtime(program: MemoryProgram) -> list[Effects]:
    """What wasmtime says of the calls, one after the other in one instance."""
    store = wasmtime.Store()
    instance = wasmtime.Instance(store, wasmtime.Module(store.engine, program.wat), [])
    exports: Any = instance.exports(store)
    effects = []
    for args in program.calls:
        results: tuple[int, ...] | Trap
        try:
            first, second = exports["f"](store, *(arg - (1 << 32) if arg >> 31 else arg for arg in args))
            results = (first % (1 << 32), second % (1 << 64))
        except wasmtime.Trap as trap:
            results = MEMORY_TRAPS[trap.trap_code]
        memory = exports["memory"]
        content = bytes(memory.read(store, 0, memory.data_len(store)))
        effects.append(Effects(results, exports["g"].value(store) % (1 << 32), content))
    return effects


def run_interpreted(program: MemoryProgram, module: Module) -> list[Effects]:
    """What the SSA interpreter says of the same calls."""
    memory = LinearMemory.of(module)
    globals_ = [global_.initial for global_ in module.globals]
    effects = []
    for args in program.calls:
        results: tuple[int, ...] | Trap
        try:
            results = tuple(run(module, module.exports["f"], args, globals=globals_, memory=memory))
        except TrapError as error:
            results = error.trap
        effects.append(Effects(results, globals_[0], bytes(memory.content)))
    return effects
