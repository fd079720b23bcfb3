"""Random functions in steps: any control flow with loops, parameters, calls, constants, fixed operands, side exits."""

from __future__ import annotations

from random import Random

from zkwasm_compiler.machine.function import Edge, MachineBlock, MachineFunction
from zkwasm_compiler.machine.step import (
    DEFINED,
    Advice,
    Operation,
    Slot,
    Step,
    Term,
    VirtualRegister,
    arith,
    binary,
    jump,
    load,
    store,
)

PLACES = ("A", "B", "C", "D", "E")
CLOBBERS = ("A", "B", "C", "D", "E", "RCX", "HASHPOS", "RR")
CONSTANTS = (0, 0, 1, 5, 2**32 - 1, 2**40, 2**64 - 1)
BINARY = ("ADD", "SUB", "LT", "AND", "XOR")

Value = VirtualRegister
VirtualStep = Step[VirtualRegister]


def random_function(seed: int, blocks: int = 6, steps: int = 6) -> MachineFunction[Value]:
    """The function number `seed`, of at most `blocks` + 1 blocks of about `steps` steps."""
    return _Generator(Random(seed), blocks, steps).function()


class _Generator:
    """A block sees the values of the entry block, its parameters and its own: they all dominate it."""

    def __init__(self, random: Random, blocks: int, steps: int) -> None:
        self.random = random
        self.last = random.randint(1, blocks)
        self.most_steps = steps
        self.calls = random.random() < 0.5
        self.count = 0
        self.visible: list[Value] = []
        self.unmarked: set[Value] = set()
        """Values of one limb of which the function does not say so."""
        self.parameters: list[list[Value]] = []

    def fresh(self, narrow: bool = False) -> Value:
        self.count += 1
        return VirtualRegister(self.count, narrow=narrow)

    def some(self, *counts: int) -> list[Value]:
        return [self.fresh() for _ in range(self.random.choice(counts))]

    def some_parameters(self) -> list[Value]:
        return [self.fresh(self.random.random() < 0.4) for _ in range(self.random.choice((0, 1, 2, 2, 3, 8)))]

    def small(self) -> Value:
        """A value that fits in one limb, whether it is marked so or not."""
        found = [value for value in self.visible if value.narrow or value in self.unmarked]
        return self.random.choice(found) if found else VirtualRegister(0, self.random.choice((0, 1, 5)))

    def value(self) -> Value:
        if not self.visible or self.random.random() < 0.15:
            return VirtualRegister(0, self.random.choice(CONSTANTS))
        return self.random.choice(self.visible[-8:] if self.random.random() < 0.7 else self.visible)

    def function(self) -> MachineFunction[Value]:
        function = MachineFunction[Value]("f", return_address=VirtualRegister(0, hint="return"))
        function.arguments = self.some(0, 1, 2, 3, 7)
        function.argument_places = [PLACES[n] if n < 5 else n - 5 for n in range(len(function.arguments))]
        self.parameters = [[], *(self.some_parameters() for _ in range(self.last))]
        shared = list(function.arguments)
        for number in range(self.last + 1):
            block = MachineBlock[Value](f"b{number}", list(self.parameters[number]))
            block.frequency = self.random.choice((1.0, 1.0, 10.0, 100.0)) if number else 1.0
            function.blocks.append(block)
            self.visible = shared + self.parameters[number]
            for _ in range(self.random.randint(0, self.most_steps)):
                block.steps += self.steps()
            shared = shared if number else self.visible
            self.end(block, number, function.return_address)
        return function

    # Steps

    def steps(self) -> list[VirtualStep]:
        if self.random.random() < 0.25:
            return self.advised_small()
        new = self.fresh()
        steps = self.kinds()[self.random.randint(0, 12 if self.calls else 11)](new)
        if steps[-1].destinations:
            self.visible.append(new)
        return steps

    def advised_small(self) -> list[VirtualStep]:
        new = self.fresh(self.random.random() < 0.8)
        operand = self.value()
        self.visible.append(new)
        if not new.narrow:
            self.unmarked.add(new)
        return [Step(free=Advice("small {0}", (operand,)), destinations=(new,))]

    def kinds(self):
        return (
            *(self.compute,) * 3,
            *(self.linear,) * 2,
            self.advised,
            self.with_exit,
            self.stored,
            self.loaded,
            self.rotated,
            self.multiplied,
            self.copy,
            self.call,
        )

    def pair(self) -> Operation[Value]:
        return binary(self.random.choice(BINARY), self.value(), self.value())

    def slot(self) -> Slot:
        return Slot("global", self.random.randint(0, 2))

    def compute(self, new: Value) -> list[VirtualStep]:
        return [Step(free=DEFINED, destinations=(new,), operations=(self.pair(),))]

    def linear(self, new: Value) -> list[VirtualStep]:
        count, coefficients = self.random.randint(0, 3), (1, 1, -1, 2, 2**33)
        terms = tuple(Term(self.value(), self.random.choice(coefficients)) for _ in range(count))
        return [Step(terms, self.random.choice((0, 1, -1, 77)), destinations=(new,))]

    def advised(self, new: Value) -> list[VirtualStep]:
        operands = tuple(dict.fromkeys((self.value(), self.value())))
        advice = Advice(" + ".join(f"{{{number}}}" for number in range(len(operands))), operands)
        return [Step(free=advice, destinations=(new,), operations=(jump("JMPN", "fail"),))]

    def with_exit(self, new: Value) -> list[VirtualStep]:
        return [Step(free=DEFINED, destinations=(new,), operations=(self.pair(), jump("JMPC", "next", "trap")))]

    def stored(self, new: Value) -> list[VirtualStep]:
        destinations = self.random.choice(((), (new,)))
        return [Step((Term(self.value()),), destinations=destinations, operations=(store(self.slot()),))]

    def loaded(self, new: Value) -> list[VirtualStep]:
        slot = self.slot()
        first: VirtualStep = Step((Term(self.value()),), operations=(store(slot),))
        return [first, Step(free=DEFINED, destinations=(new,), operations=(load(slot),))]

    def rotated(self, new: Value) -> list[VirtualStep]:
        return [Step((Term(self.value(), 1, True), Term(self.value())), destinations=(new,))]

    def multiplied(self, new: Value) -> list[VirtualStep]:
        operation = arith(self.value(), self.value(), self.value(), self.value())
        return [Step(free=Advice("x", ()), destinations=(new,), operations=(operation,))]

    def copy(self, new: Value) -> list[VirtualStep]:
        return [Step((Term(self.value()),), destinations=(new,))]

    def call(self, new: Value) -> list[VirtualStep]:
        arguments = tuple(self.value() for _ in range(self.random.randint(0, 5)))
        results = tuple(self.some(0, 1, 2, 3))
        places = PLACES[: len(results)]
        clobbers = tuple(name for name in CLOBBERS if name not in places)
        self.visible += results
        operation = Operation("CALL", arguments, PLACES[: len(arguments)], results, places, clobbers, targets=("g",))
        return [Step(operations=(operation,))]

    # Ends of blocks

    def edge(self, target: int) -> Edge[Value]:
        return Edge(f"b{target}", [self.small() if p.narrow else self.value() for p in self.parameters[target]])

    def end(self, block: MachineBlock[Value], number: int, return_address: Value | None) -> None:
        kind = self.random.random()
        if number == self.last or kind < 0.15:
            assert return_address is not None
            results = tuple(self.value() for _ in range(self.random.randint(0, 5)))
            places = (*PLACES[: len(results)], "RR")
            block.steps.append(Step(operations=(Operation("RETURN", (*results, return_address), places),)))
        elif kind < 0.4 or self.last == 1:
            target = self.random.randint(number + 1, self.last)
            block.steps.append(Step(operations=(jump("JMP", f"b{target}"),)))
            block.edges = [self.edge(target)]
        elif kind < 0.5:
            index = self.fresh()
            block.steps.append(Step((Term(self.value()),), -3, destinations=(index,)))
            block.steps.append(Step(operations=(Operation("JMP", (index,), ("E",), targets=(f"end{number}",)),)))
            block.edges = [self.edge(self.random.randint(1, self.last)) for _ in range(3)]
        else:
            self.branch(block, test=kind < 0.7)

    def branch(self, block: MachineBlock[Value], *, test: bool) -> None:
        block.edges = [self.edge(target) for target in self.random.sample(range(1, self.last + 1), 2)]
        labels = [edge.label for edge in block.edges]
        if test:
            operations = (binary("LT", self.value(), self.value()), jump("JMPC", *labels))
            block.steps.append(Step(free=DEFINED, operations=operations))
            return
        new, name = self.fresh(), self.random.choice(("JMPN", "JMPZ", "JMPNZ"))
        block.steps.append(Step((Term(self.value()),), -1, destinations=(new,), operations=(jump(name, *labels),)))
        for edge in block.edges:
            parameters = self.parameters[int(edge.label[1:])]
            edge.args = [
                arg if parameter.narrow else self.random.choice((arg, arg, new))
                for arg, parameter in zip(edge.args, parameters, strict=True)
            ]
