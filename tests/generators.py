"""Random WebAssembly modules that validate and come to an end: `generate_module` and the strategy `modules`.

The text uses everything that is covered without memory: i32 and i64 instructions, locals, mutable globals, structured
control with values, loops that a counter bounds, `br_table`, multi-value, direct calls, bounded recursion, traps. Every
function is exported as ``f0``, ``f1``, … and every global as ``g0``, …; integers are drawn from where things break.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

Choose = Callable[[int], int]
"""Gives a number from 0 to n - 1; the smallest choices must be the simplest."""

BITS = {"i32": 32, "i64": 64}
BINARY = ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_u", "shr_s", "rotl", "rotr"]
DIVISIONS = ["div_s", "div_u", "rem_s", "rem_u"]
COMPARISONS = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"]
UNARY = {
    "i32": ["clz", "ctz", "popcnt", "extend8_s", "extend16_s"],
    "i64": ["clz", "ctz", "popcnt", "extend8_s", "extend16_s", "extend32_s"],
}


@dataclass(frozen=True, slots=True)
class Signature:
    """An exported function of a generated module."""

    name: str
    parameters: tuple[str, ...]
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GeneratedModule:
    """The module's text, its functions, and calls to make: positions in `functions` with unsigned arguments."""

    wat: str
    functions: tuple[Signature, ...]
    globals: tuple[str, ...]
    calls: tuple[tuple[int, tuple[int, ...]], ...]


def interesting_integer(choose: Choose, bits: int) -> int:
    """An unsigned pattern: small numbers, powers of two and their neighbours, and anything."""
    kind = choose(8)
    if kind < 3:
        return choose(10)
    if kind < 4:
        return (1 << bits) - 1 - choose(4)
    if kind < 7:
        return ((1 << choose(bits)) + choose(3) - 1) & ((1 << bits) - 1)
    value = 0
    for _ in range(bits // 16):
        value = value << 16 | choose(1 << 16)
    return value


@st.composite
def modules(draw: st.DrawFn, size: int = 12) -> GeneratedModule:
    """Modules whose failures hypothesis can make smaller."""
    return generate_module(lambda count: draw(st.integers(0, count - 1)) if count > 1 else 0, size)


def generate_module(choose: Choose, size: int = 12) -> GeneratedModule:
    """One module; `size` bounds the statements of a function."""
    globals_ = tuple(_type(choose) for _ in range(choose(3)))
    functions: list[Signature] = []
    lines = ["(module", '  (import "env" "assert_eq_i64" (func $assert_eq (param i64 i64)))']
    for index, type_ in enumerate(globals_):
        initial = interesting_integer(choose, BITS[type_])
        lines.append(f'  (global $g{index} (export "g{index}") (mut {type_}) ({type_}.const {initial}))')
    for _ in range(1 + choose(3)):
        body = _Body(choose, functions, globals_, size)
        lines.append(body.function())
        functions.append(body.signature)
    lines.append(")")
    calls = []
    for _ in range(3):
        for index, signature in enumerate(functions):
            calls.append((index, tuple(interesting_integer(choose, BITS[type_]) for type_ in signature.parameters)))
    return GeneratedModule("\n".join(lines), tuple(functions), globals_, tuple(calls))


def _type(choose: Choose) -> str:
    return ("i32", "i64")[choose(2)]


@dataclass(slots=True)
class _Label:
    """An open block; `None` for a loop's label, which only the loop itself branches to."""

    types: tuple[str, ...] | None


@dataclass
class _Body:
    """One function: `signature` is drawn first, then statements and the results."""

    choose: Choose
    callees: list[Signature]
    globals: tuple[str, ...]
    fuel: int
    locals: list[str] = field(default_factory=list)
    labels: list[_Label] = field(default_factory=list)
    loops: int = 0
    counters: int = 0
    open_loops: int = 0

    def __post_init__(self) -> None:
        parameters = tuple(_type(self.choose) for _ in range(self.choose(4)))
        results = tuple(_type(self.choose) for _ in range(self.choose(4)))
        self.index = len(self.callees)
        self.recursive = self.choose(4) == 3
        if self.recursive:
            parameters = ("i32", *parameters)
        self.signature = Signature(f"f{self.index}", parameters, results)
        self.locals = [*parameters, *(_type(self.choose) for _ in range(self.choose(4)))]

    def function(self) -> str:
        results = self.signature.results
        self.labels = [_Label(results)]
        statements = [*self._statements(), *self._recursion()]
        values = [self._expression(type_, 3) for type_ in results]
        head = f'  (func $f{self.index} (export "f{self.index}")'
        head += "".join(f" (param {type_})" for type_ in self.signature.parameters)
        head += "".join(f" (result {type_})" for type_ in results)
        declared = self.locals[len(self.signature.parameters) :] + ["i32"] * self.counters
        head += "".join(f" (local {type_})" for type_ in declared)
        return "\n    ".join([head, *statements, *values]) + ")"

    def _recursion(self) -> list[str]:
        """Call the function itself while its first parameter, cut to a few levels, is not zero."""
        if not self.recursive:
            return []
        args = ["(i32.sub (i32.and (local.get 0) (i32.const 3)) (i32.const 1))"]
        args += [self._expression(type_, 1) for type_ in self.signature.parameters[1:]]
        call = f"(call $f{self.index} {' '.join(args)})"
        drops = "".join(" drop" for _ in self.signature.results)
        return [f"(if (i32.and (local.get 0) (i32.const 3)) (then {call}{drops}))"]

    # Statements

    def _statements(self) -> list[str]:
        result = []
        for _ in range(1 + self.choose(4)):
            if self.fuel <= 0:
                break
            self.fuel -= 1
            result.append(self._statement())
        return result

    def _statement(self) -> str:
        makers = [
            self._set_local,
            self._set_local,
            self._set_global,
            self._if,
            self._loop,
            self._block,
            self._switch,
            self._call_statement,
            self._exit,
            self._assertion,
        ]
        return makers[self.choose(len(makers))]()

    def _set_local(self) -> str:
        if not self.locals:
            return "nop"
        index = self.choose(len(self.locals))
        if self.recursive and index == 0:
            return "nop"  # the counter of the recursion stays
        return f"(local.set {index} {self._expression(self.locals[index], 3)})"

    def _set_global(self) -> str:
        if not self.globals:
            return "nop"
        index = self.choose(len(self.globals))
        return f"(global.set $g{index} {self._expression(self.globals[index], 3)})"

    def _if(self) -> str:
        condition = self._expression("i32", 2)
        self.labels.append(_Label(()))
        then = " ".join(self._statements())
        otherwise = f" (else {' '.join(self._statements())})" if self.choose(2) else ""
        self.labels.pop()
        return f"(if {condition} (then {then}){otherwise})"

    def _block(self) -> str:
        self.labels.append(_Label(()))
        body = " ".join(self._statements())
        self.labels.pop()
        return f"(block {body})"

    def _loop(self) -> str:
        if self.open_loops >= 2:
            return "nop"
        counter = f"$c{self.counters}"
        name = len(self.signature.parameters) + (len(self.locals) - len(self.signature.parameters)) + self.counters
        self.counters += 1
        self.open_loops += 1
        count = 1 + self.choose(4)
        self.labels.append(_Label(None))
        body = " ".join(self._statements())
        self.labels.pop()
        self.open_loops -= 1
        step = f"(local.tee {name} (i32.sub (local.get {name}) (i32.const 1)))"
        return f"(local.set {name} (i32.const {count})) (loop {body} (br_if 0 {step})) (; {counter} ;)"

    def _switch(self) -> str:
        """A br_table out of nested blocks."""
        cases = 1 + self.choose(4)
        index = self._expression("i32", 2)
        self.labels += [_Label(()) for _ in range(cases + 1)]
        targets = " ".join(str(self.choose(cases + 1)) for _ in range(cases + 1))
        text = "(block " * (cases + 1) + f"(br_table {targets} {index})"
        for _ in range(cases + 1):
            self.labels.pop()
            text += ") " + (self._statement() if self.fuel > 0 else "nop")
            self.fuel -= 1
        return text

    def _call_statement(self) -> str:
        """A call whose results go to locals or nowhere."""
        if not self.callees or self.open_loops > 1:
            return "nop"
        callee = self.callees[self.choose(len(self.callees))]
        args = " ".join(self._expression(type_, 2) for type_ in callee.parameters)
        text = f"(call ${callee.name} {args})"
        for type_ in reversed(callee.results):
            homes = [i for i, local in enumerate(self.locals) if local == type_ and not (self.recursive and i == 0)]
            text += f" (local.set {homes[self.choose(len(homes))]})" if homes and self.choose(2) else " (drop)"
        return text

    def _exit(self) -> str:
        """Leave by a branch, a return or a trap, mostly behind a condition."""
        candidates = [(depth, label) for depth, label in enumerate(reversed(self.labels)) if label.types is not None]
        depth, label = candidates[self.choose(len(candidates))]
        values = " ".join(self._expression(type_, 2) for type_ in label.types or ())
        kind = self.choose(8)
        if kind < 4:
            drops = " (drop)" * len(label.types or ())
            return f"{values} (br_if {depth} {self._expression('i32', 2)}){drops}"
        if kind == 4:
            return f"(br {depth} {values})"
        if kind == 5:
            results = " ".join(self._expression(type_, 2) for type_ in self.signature.results)
            return f"(if {self._expression('i32', 2)} (then (return {results})))"
        if kind == 6:
            return f"(if {self._expression('i32', 3)} (then) (else (unreachable)))"
        return f"(return {' '.join(self._expression(type_, 2) for type_ in self.signature.results)})"

    def _assertion(self) -> str:
        left = self._expression("i64", 1)
        right = left if self.choose(8) else self._expression("i64", 1)
        return f"(call $assert_eq {left} {right})"

    # Expressions

    def _expression(self, type_: str, depth: int) -> str:
        makers = [self._leaf, self._leaf]
        if depth > 0:
            makers += [self._binary] * 5 + [
                self._unary,
                self._compare,
                self._convert,
                self._select,
                self._if_value,
                self._block_value,
                self._divide,
                self._tee,
                self._call_value,
            ]
        return makers[self.choose(len(makers))](type_, depth - 1)

    def _leaf(self, type_: str, depth: int) -> str:
        places = [f"(local.get {i})" for i, local in enumerate(self.locals) if local == type_]
        places += [f"(global.get $g{i})" for i, global_ in enumerate(self.globals) if global_ == type_]
        if not places or self.choose(3) == 0:
            return f"({type_}.const {interesting_integer(self.choose, BITS[type_])})"
        return places[self.choose(len(places))]

    def _binary(self, type_: str, depth: int) -> str:
        op = BINARY[self.choose(len(BINARY))]
        return f"({type_}.{op} {self._expression(type_, depth)} {self._expression(type_, depth)})"

    def _divide(self, type_: str, depth: int) -> str:
        op = DIVISIONS[self.choose(len(DIVISIONS))]
        divisor = self._expression(type_, depth)
        if self.choose(4):  # seldom zero
            divisor = f"({type_}.or {divisor} ({type_}.const {1 + self.choose(8)}))"
        return f"({type_}.{op} {self._expression(type_, depth)} {divisor})"

    def _unary(self, type_: str, depth: int) -> str:
        op = UNARY[type_][self.choose(len(UNARY[type_]))]
        return f"({type_}.{op} {self._expression(type_, depth)})"

    def _compare(self, type_: str, depth: int) -> str:
        of = _type(self.choose)
        position = self.choose(len(COMPARISONS) + 1)
        if position == len(COMPARISONS):
            text = f"({of}.eqz {self._expression(of, depth)})"
        else:
            text = f"({of}.{COMPARISONS[position]} {self._expression(of, depth)} {self._expression(of, depth)})"
        return text if type_ == "i32" else f"(i64.extend_i32_u {text})"

    def _convert(self, type_: str, depth: int) -> str:
        if self.choose(4) == 0:
            floating = {"i32": "f32", "i64": "f64"}[type_]
            inner = self._expression(type_, depth)
            return f"({type_}.reinterpret_{floating} ({floating}.reinterpret_{type_} {inner}))"
        if type_ == "i32":
            return f"(i32.wrap_i64 {self._expression('i64', depth)})"
        return f"(i64.extend_i32_{'su'[self.choose(2)]} {self._expression('i32', depth)})"

    def _select(self, type_: str, depth: int) -> str:
        first, second = self._expression(type_, depth), self._expression(type_, depth)
        typed = f"select (result {type_})" if self.choose(2) else "select"
        return f"({typed} {first} {second} {self._expression('i32', depth)})"

    def _if_value(self, type_: str, depth: int) -> str:
        condition = self._expression("i32", depth)
        self.labels.append(_Label((type_,)))
        then, otherwise = self._expression(type_, depth), self._expression(type_, depth)
        self.labels.pop()
        return f"(if (result {type_}) {condition} (then {then}) (else {otherwise}))"

    def _block_value(self, type_: str, depth: int) -> str:
        """A block with a parameter that a conditional branch may leave early."""
        given = _type(self.choose)
        start = self._expression(given, depth)
        self.labels.append(_Label((type_,)))
        early, condition = self._expression(type_, depth), self._expression("i32", depth)
        last = self._expression(type_, depth)
        self.labels.pop()
        return (
            f"{start} (block (param {given}) (result {type_}) (drop) {early} (br_if 0 {condition}) (drop) {last})"
            if self.choose(2)
            else f"(block (result {type_}) {early} (br_if 0 {condition}) (drop) {last})"
        )

    def _tee(self, type_: str, depth: int) -> str:
        homes = [i for i, local in enumerate(self.locals) if local == type_ and not (self.recursive and i == 0)]
        value = self._expression(type_, depth)
        return f"(local.tee {homes[self.choose(len(homes))]} {value})" if homes else value

    def _call_value(self, type_: str, depth: int) -> str:
        callees = [callee for callee in self.callees if callee.results and callee.results[-1] == type_]
        if not callees or self.open_loops:
            return self._leaf(type_, depth)
        callee = callees[self.choose(len(callees))]
        args = " ".join(self._expression(type_, depth) for type_ in callee.parameters)
        if len(callee.results) == 1:
            return f"(call ${callee.name} {args})"
        # the last result is on the top; the others are dropped below it with the help of a block
        types = " ".join(callee.results)
        return self._last_result(f"(call ${callee.name} {args})", types, type_)

    def _last_result(self, call: str, types: str, type_: str) -> str:
        homes = [i for i, local in enumerate(self.locals) if local == type_ and not (self.recursive and i == 0)]
        if not homes:
            return self._leaf(type_, 0)
        home = homes[self.choose(len(homes))]
        drops = " (drop)" * (len(types.split()) - 1)
        return f"{call} (local.set {home}){drops} (local.get {home})"
