"""Random modules that work on tables: `table_module`.

Calls go through tables by every kind of index that the compiler tells apart, to functions of several signatures and to
null; entries are read, written, filled, copied, initialised from segments that may be dropped, and tables grow. In some
modules nothing writes to a table. Functions have up to seven parameters, recursion ends by a counter, and some calls
stand in place of a return.
"""

from __future__ import annotations

import random

import wasmtime

from tests.differential.comparison import Case

SIGNATURES = (
    ("i32", "i32"),
    ("i64", "i32 i64"),
    ("", "i32"),
    ("i32 i64", "i32 i64 i32 i64 i32"),
    ("i32", "i32 i32 i32 i32 i32 i64 i32"),
)
"""Results and parameters; the first parameter is the counter that ends recursion."""
FUNCTIONS = 8
CALLS = 8


def table_module(seed: int) -> Case:
    """The module of a seed, with calls of its exports."""
    return _Generator(random.Random(seed)).case()


class _Generator:
    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.pick = source.choice
        self.writing = source.random() < 0.6
        self.sizes = [source.randrange(9) + (not number) for number in range(source.randrange(1, 4))]
        self.signatures = [source.randrange(len(SIGNATURES)) for _ in range(FUNCTIONS)]
        self.segments: list[int] = []

    def case(self) -> Case:
        lines = ["(module"]
        for number, (results, parameters) in enumerate(SIGNATURES):
            lines.append(f"(type $t{number} (func (param {parameters}) (result {results})))")
        lines += [f"(table $a{number} {size} {size + 3} funcref)" for number, size in enumerate(self.sizes)]
        lines += ["(table $x 3 externref)", '(global $g (export "g") (mut i32) (i32.const 1))']
        lines.append("(global $r (mut funcref) (ref.func $f0))")
        lines.append(f"(elem declare func {' '.join(f'$f{number}' for number in range(FUNCTIONS))})")
        lines += [self.segment() for _ in range(self.source.randrange(1, 6))]
        lines += [self.function(number) for number in range(FUNCTIONS)]
        lines += [self.export(number) for number in range(3)]
        names = tuple(f"e{number}" for number in range(3))
        calls = tuple((self.pick(names), (self.source.randrange(12), self.argument())) for _ in range(CALLS))
        return Case(bytes(wasmtime.wat2wasm("\n".join([*lines, ")"]))), names, calls, ("g",))

    def argument(self) -> int:
        return self.source.choices([self.source.randrange(10), self.source.getrandbits(32)], (9, 1))[0]

    def segment(self) -> str:
        entries = [f"(ref.func $f{self.source.randrange(FUNCTIONS)})" for _ in range(self.source.randrange(6))]
        entries = [self.pick((entry, entry, "(ref.null func)")) for entry in entries]
        table = self.source.randrange(len(self.sizes))
        passive = self.source.random() < 0.5
        name = f"$s{len(self.segments)}"
        self.segments.append(len(entries))
        if passive or len(entries) > self.sizes[table]:
            return f"(elem {name} funcref {' '.join(entries)})"
        position = self.source.randrange(self.sizes[table] - len(entries) + 1)
        return f"(elem {name} (table $a{table}) (i32.const {position}) funcref {' '.join(entries)})"

    # Code

    def function(self, number: int) -> str:
        results, parameters = SIGNATURES[self.signatures[number]]
        body = [f"(global.set $g (i32.add (i32.mul (global.get $g) (i32.const 31)) (i32.const {number + 1})))"]
        counted = self.call("(i32.sub (local.get 0) (i32.const 1))") if self.source.random() < 0.6 else ""
        if counted:
            body.append(f"(if (local.get 0) (then {counted}))")
        if self.source.random() < 0.4:
            body.append(f"(if (local.get 0) (then {self.tail_call(self.signatures[number])}))")
        given = " ".join(self.value(type_, parameters) for type_ in results.split())
        return f"(func $f{number} (type $t{self.signatures[number]}) {' '.join(body)} {given})"

    def tail_call(self, signature: int) -> str:
        """A call in place of a return of a function of a signature."""
        _, parameters = SIGNATURES[signature]
        args = ["(i32.sub (local.get 0) (i32.const 1))"]
        for number, type_ in enumerate(parameters.split()[1:], 1):
            args.append(self.pick((f"(local.get {number})", f"({type_}.const {self.source.getrandbits(31)})")))
        index = self.pick((f"(i32.const {self.source.randrange(9)})", "(i32.and (local.get 0) (i32.const 7))"))
        direct = [number for number, found in enumerate(self.signatures) if found == signature]
        if self.source.random() < 0.4:
            return f"(return_call $f{self.pick(direct)} {' '.join(args)})"
        return f"(return_call_indirect {self.table()} (type $t{signature}) {' '.join(args)} {index})"

    def value(self, type_: str, parameters: str) -> str:
        """A value made of the parameters of a type."""
        places = [number for number, parameter in enumerate(parameters.split()) if parameter == type_]
        sums = [f"(local.get {place})" for place in places] or [f"({type_}.const 5)"]
        made = sums[0]
        for number, term in enumerate(sums[1:], 2):
            made = f"({type_}.add ({type_}.mul {made} ({type_}.const {number})) {term})"
        return made

    def export(self, number: int) -> str:
        body = " ".join(self.statement() for _ in range(self.source.randrange(2, 6)))
        return f'(func (export "e{number}") (param i32 i32) (result i32) {body} (global.get $g))'

    def statement(self) -> str:
        kinds = [self.call, self.call, self.call, self.test]
        if self.writing:
            kinds += [self.write, self.write, self.bulk, self.grow]
        return self.pick(kinds)()

    def index(self) -> str:
        constant = f"(i32.const {self.source.randrange(9)})"
        masked = "(i32.and (local.get 1) (i32.const 3))"
        return self.pick((constant, "(local.get 1)", "(local.get 0)", masked, masked))

    def small(self) -> str:
        return self.pick((f"(i32.const {self.source.randrange(5)})", "(i32.and (local.get 0) (i32.const 3))"))

    def table(self) -> str:
        return f"$a{self.source.randrange(len(self.sizes))}"

    def call(self, counter: str = "(i32.const 2)") -> str:
        """An indirect call, whose results go to the global or nowhere."""
        signature = self.source.randrange(len(SIGNATURES))
        results, parameters = SIGNATURES[signature]
        args = [counter]
        for number, type_ in enumerate(parameters.split()[1:]):
            args.append(f"({type_}.const {self.source.getrandbits(31)})" if number % 2 else f"({type_}.const {number})")
        index = self.index() if counter == "(i32.const 2)" else f"(i32.const {self.source.randrange(9)})"
        if counter != "(i32.const 2)" and self.source.random() < 0.5:
            index = "(i32.and (local.get 0) (i32.const 7))"
        call = f"(call_indirect {self.table()} (type $t{signature}) {' '.join(args)} {index})"
        if results == "i32":
            return f"(global.set $g (i32.xor (global.get $g) {call}))"
        if results == "i64":
            return f"(global.set $g (i32.wrap_i64 {call}))"
        return call + " (drop)" * len(results.split())

    def test(self) -> str:
        """What is null is counted."""
        tested = self.pick(
            (f"(table.get {self.table()} {self.index()})", "(global.get $r)", f"(table.get $x {self.small()})")
        )
        return f"(global.set $g (i32.add (global.get $g) (ref.is_null {tested})))"

    def reference(self) -> str:
        function = f"(ref.func $f{self.source.randrange(FUNCTIONS)})"
        chosen = f"(select (result funcref) {function} (ref.null func) (local.get 0))"
        return self.pick((function, function, chosen, "(global.get $r)", f"(table.get {self.table()} {self.index()})"))

    def write(self) -> str:
        return self.pick(
            (
                f"(table.set {self.table()} {self.index()} {self.reference()})",
                f"(global.set $r {self.reference()})",
                f"(table.fill {self.table()} {self.small()} {self.reference()} {self.small()})",
            )
        )

    def bulk(self) -> str:
        segment = self.source.randrange(len(self.segments))
        numbers = f"{self.small()} {self.small()} {self.small()}"
        return self.pick(
            (
                f"(table.copy {self.table()} {self.table()} {numbers})",
                f"(table.init {self.table()} $s{segment} {numbers})",
                f"(elem.drop $s{segment})",
            )
        )

    def grow(self) -> str:
        grown = f"(table.grow {self.table()} {self.reference()} {self.small()})"
        made = self.pick((grown, f"(table.size {self.table()})"))
        return f"(global.set $g (i32.add (global.get $g) {made}))"
