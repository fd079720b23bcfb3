"""Instruction selection: a legalised SSA function and its cover become blocks of `Step[VirtualRegister]`.

Values are made in the order of their block; a tree is made where its root is. What no rule covers, because it is
structure and not computation (calls, globals, assertions, returns, tables), is emitted here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from zkwasm_compiler.analysis.frequency import block_frequencies
from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.analysis.references import CALLS, TAIL_CALLS
from zkwasm_compiler.ir.function import Block, Function, Target, Trap, Value, constant_bits
from zkwasm_compiler.lowering.conventions import CALL_CLOBBERS, PLACES
from zkwasm_compiler.lowering.cover import Cover, Match
from zkwasm_compiler.lowering.legalize import index_of
from zkwasm_compiler.lowering.narrow_values import narrow_values
from zkwasm_compiler.lowering.select_bytes import BYTE_OPS
from zkwasm_compiler.lowering.select_hosts import select_host
from zkwasm_compiler.lowering.select_memory import MEMORY_OPS, MEMORY_TESTS
from zkwasm_compiler.lowering.select_tables import TABLE_OPS, call_through
from zkwasm_compiler.lowering.signature import Signature, called_signature
from zkwasm_compiler.lowering.symbols import Symbols, trap_label
from zkwasm_compiler.lowering.unread import drop_unread
from zkwasm_compiler.machine.frequencies import expect
from zkwasm_compiler.machine.function import Edge, MachineBlock, MachineFunction
from zkwasm_compiler.machine.step import (
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
from zkwasm_compiler.rules.catalogue import conversion
from zkwasm_compiler.rules.representation import CLEAN, LONG, Representation
from zkwasm_compiler.rules.rule import Rule
from zkwasm_compiler.rules.template import instantiate


def select(
    function: Function, signatures: dict[int, Signature], symbols: Symbols, ranges: Ranges | None = None
) -> MachineFunction[VirtualRegister]:
    """The function in steps before allocation."""
    narrow = narrow_values(function, ranges)
    return Selector(function, Cover(function, signatures), signatures, symbols, narrow).run()


class Selector:
    """Emits the steps of one function; the modules `select_…` emit some of them."""

    def __init__(
        self,
        function: Function,
        cover: Cover,
        signatures: dict[int, Signature],
        symbols: Symbols,
        narrow: set[Value],
    ) -> None:
        self.function = function
        self.narrow = narrow
        self.cover = cover
        self.signatures = signatures
        self.symbols = symbols
        self.name = symbols.functions[function.index]
        self.registers: dict[Value, VirtualRegister] = {}
        self.cleaned: dict[Value, VirtualRegister] = {}
        self.emitted: dict[object, dict[str, VirtualRegister]] = {}
        self.projections: dict[Value, dict[int, Value]] = {}  # of each call, by number
        for value in (value for block in function.blocks for value in block.body if value.op == "result"):
            self.projections.setdefault(value.args[0], {})[index_of(value)] = value
        self.labels = {block: f"{self.name}${number}" for number, block in enumerate(cover.order)}
        self.labels[function.entry] = self.name
        self.result = MachineFunction[VirtualRegister](
            self.name, recursive=function.index in symbols.recursive, return_address=self.fresh("return")
        )
        self.block = MachineBlock[VirtualRegister]("")

    counter = 0
    offset: int | None = None
    """The byte offset of the instruction that is being selected."""

    def fresh(self, hint: str = "", value: Value | None = None) -> VirtualRegister:
        """A virtual register that nothing else uses, for `value` if one is given."""
        self.counter += 1
        return VirtualRegister(self.counter, hint=hint, narrow=value in self.narrow)

    def run(self) -> MachineFunction[VirtualRegister]:
        """Emit every block in reverse postorder."""
        frequencies = block_frequencies(self.function)
        for block in self.cover.order:
            for parameter in block.parameters:
                self.registers[parameter] = self.fresh("v", parameter)
        arguments = [self.registers[parameter] for parameter in self.function.entry.parameters]
        self.result.arguments = arguments
        self.result.argument_places = [
            PLACES[number] if number < len(PLACES) else number - len(PLACES) for number in range(len(arguments))
        ]
        for block in self.cover.order:
            is_entry = block is self.function.entry
            parameters = [] if is_entry else [self.registers[value] for value in block.parameters]
            self.open(self.labels[block], frequencies[block], parameters)
            for value in block.body:
                self.offset = value.offset
                self.value(value)
            self.offset = block.terminator.offset if block.terminator else None
            self.terminator(block)
        drop_unread(self.result)
        expect(self.result)
        return self.result

    def open(self, label: str, frequency: float, parameters: list[VirtualRegister]) -> None:
        """Start a block; steps go there from now on."""
        self.block = MachineBlock(label, parameters, frequency=frequency)
        self.result.blocks.append(self.block)
        self.cleaned, self.emitted = {}, {}

    def step(self, step: Step[VirtualRegister]) -> None:
        """Append a step, for the instruction that is being selected."""
        self.block.steps.append(replace(step, offset=self.offset))

    # Values

    def value(self, value: Value) -> None:
        """Emit a value unless its user does."""
        if value.op in CALLS:
            self.call(value)
        elif value.op in TABLE_OPS:
            TABLE_OPS[value.op](self, value)
        elif value.op == "global.set":
            register = self.operand(value.args[0], self.cover.representation[value.args[0]])
            self.step(using(register, store(Slot("global", index_of(value)))))
        elif value.op == "global.get":
            slot = Slot("global", index_of(value))
            self.step(loaded(self.define(value), slot))
        elif value.op in MEMORY_OPS:
            MEMORY_OPS[value.op](self, value)
        elif value.op in BYTE_OPS:
            BYTE_OPS[value.op](self, value)
        elif value.op.startswith("host."):
            select_host(self, value)
        elif value.op == "assert_eq":
            self.assertion(*value.args)
        elif value in self.cover.choice and not self.cover.is_tree_child(value):
            self.compute(value)

    def define(self, value: Value) -> VirtualRegister:
        """The register of a value that is being made."""
        register = self.fresh("v", value)
        self.registers[value] = register
        return register

    def compute(self, value: Value) -> None:
        """Emit the rule that covers `value`."""
        match = self.cover.choice[value]
        outer, self.offset = self.offset, value.offset
        environment = self.apply(match.rule, match, value)
        self.offset = outer
        assert match.rule.output is not None
        self.registers[value] = environment[match.rule.output]

    def apply(self, rule: Rule, match: Match, value: Value | None = None) -> dict[str, VirtualRegister]:
        """Emit the steps of a match, which make `value`; gives the registers of its operands by name.

        Steps that the block has already, on the same operands, are not emitted again: what a rule proves about its
        output holds there too. So the two words of a product cost one.
        """
        environment = {name: self.operand(*leaf) for name, leaf in match.leaves.items()}
        used = set().union(*(template.constant_names() for template in rule.steps))
        key = rule.steps, tuple(environment.items()), tuple((name, match.constants[name]) for name in sorted(used))
        if rule.output is not None and rule.steps:
            if key in self.emitted:
                return self.emitted[key]
            self.emitted[key] = environment

        def operand(name: str) -> VirtualRegister:
            if name.startswith("#"):
                constant = name[1:]
                return constant_register(int(constant) if constant.isdigit() else match.constants[constant])
            if name not in environment:
                environment[name] = self.fresh(name, value if name == rule.output else None)
            return environment[name]

        for template in rule.steps:
            self.step(instantiate(template, operand, match.constants))
        return environment

    def operand(self, value: Value, wanted: Representation) -> VirtualRegister:
        """A register that holds `value` as `wanted`; trees are computed here, conversions are emitted once a block."""
        bits = constant_bits(value)
        if bits is not None:
            return constant_register(bits)
        if value not in self.registers:
            assert self.cover.is_tree_child(value), f"{value} is used before it is made"
            self.compute(value)
        if self.cover.representation[value].serves(wanted):
            return self.registers[value]
        if value not in self.cleaned:
            have = self.cover.representation[value]
            rule = conversion(have)
            constants = rule.solve({})
            assert rule.output is not None
            assert constants is not None
            match = Match(rule, {"x": (value, have)}, constants, (), rule.cost)
            self.cleaned[value] = self.apply(rule, match)[rule.output]
        return self.cleaned[value]

    def assertion(self, x: Value, y: Value) -> None:
        """Both limbs of the two are compared: i32 must be clean for that."""
        wanted = CLEAN if x.type.bits == 32 else LONG
        if constant_bits(x) is not None:
            x, y = y, x
        left, right = self.operand(x, wanted), self.operand(y, wanted)
        self.step(using(right, Operation("ASSERT", (left,), ("A",)), "assert_eq"))

    # Calls

    def call(self, value: Value) -> None:
        """Arguments in A to E, then in cells of the callee's frame; results in A to E, then in cells of their own.

        An indirect call has the index for its computed jump in E, and the arguments behind D in cells of their own.
        """
        signature = self.signatures[called_signature(value)]
        args = [self.operand(arg, wanted) for arg, wanted in zip(value.args, signature.parameters, strict=False)]
        operation = self.direct(value, args) if value.op == "call" else call_through(self, value, args)
        used = self.projections.get(value, {})
        results = [self.fresh("v") for _ in range(len(signature.results))]
        places = PLACES[: len(results)]
        clobbers = tuple(name for name in operation.clobbers if name not in places)
        self.step(
            Step(
                operations=(
                    replace(operation, results=tuple(results[: len(PLACES)]), fixed_results=places, clobbers=clobbers),
                )
            )
        )
        for number, projection in used.items():
            self.registers[projection] = results[number]
            if number >= len(PLACES):
                self.step(loaded(results[number], Slot("returned", number - len(PLACES))))

    def direct(self, value: Value, args: list[VirtualRegister]) -> Operation[VirtualRegister]:
        """The call of one function, without its results."""
        callee = index_of(value)
        label = self.symbols.functions[callee]
        for number, register in enumerate(args[len(PLACES) :]):
            self.step(using(register, store(Slot(f"outgoing:{label}", number))))
        clobbers = self.clobbers([callee])
        return Operation("CALL", tuple(args[: len(PLACES)]), PLACES[: len(args)], clobbers=clobbers, targets=(label,))

    def clobbers(self, callees: Iterable[int]) -> tuple[str, ...]:
        """The registers that calls of these functions change."""
        known = [self.symbols.clobbers.get(callee, frozenset(CALL_CLOBBERS)) for callee in callees]
        changed = frozenset({"RR"}).union(*known)
        return tuple(name for name in CALL_CLOBBERS if name in changed)

    # Terminators

    def terminator(self, block: Block) -> None:
        value = block.terminator
        assert value is not None
        match value.op:
            case "br":
                self.branch(jump("JMP", "then"), value.targets)
            case "br_if":
                self.conditional(value)
            case "br_table":
                self.table(value)
            case op if op in MEMORY_TESTS:
                MEMORY_TESTS[op](self, value)
            case "return":
                self.give_back(value)
            case op if op in TAIL_CALLS:
                self.leave(value)
            case "trap":
                assert isinstance(value.immediate, Trap)
                self.step(Step(operations=(jump("JMP", trap_label(value.immediate)),)))

    def edges(self, targets: list[Target]) -> list[Edge[VirtualRegister]]:
        """The edges with their arguments in registers; must be built before the jump is emitted."""
        return [
            Edge(
                self.labels[target.block],
                [
                    self.operand(arg, self.cover.representation[parameter])
                    for arg, parameter in zip(target.args, target.block.parameters, strict=True)
                ],
            )
            for target in targets
        ]

    def branch(self, operation: Operation[VirtualRegister], targets: list[Target]) -> None:
        edges = self.edges(targets)
        names = dict(zip(("then", "else"), (edge.label for edge in edges), strict=False))
        self.step(Step(operations=(operation,)).retarget(lambda name: names.get(name, name)))
        self.block.edges = edges

    def conditional(self, value: Value) -> None:
        match = self.cover.branch(value.args[0])
        edges = self.edges(value.targets)
        names = {"then": edges[0].label, "else": edges[1].label}
        self.apply(match.rule, match)
        last = self._with_flag(self.block.steps.pop())
        order = [target for target in (last.jump.targets if last.jump else ()) if target in names]
        self.step(last.retarget(lambda name: names.get(name, name)))
        self.block.edges = [edges[("then", "else").index(name)] for name in order]

    def _with_flag(self, last: Step[VirtualRegister]) -> Step[VirtualRegister]:
        """A jump on x < y joins the step of the block that makes x - y, or y as x minus something, or x as y plus
        something: there it is the borrow or the carry."""
        comparison = last.operation("LT")
        if comparison is None or last.jump is None:
            return last
        x, y = comparison.operands
        later: set[VirtualRegister] = set()
        for position in range(len(self.block.steps) - 1, -1, -1):
            step = self.block.steps[position]
            made, sum_of = step.destinations, step.operation("ADD")
            difference = step.operation("SUB")
            borrows = difference is not None and x == difference.operands[0] and y in (difference.operands[1], *made)
            carries = sum_of is not None and made == (x,) and y in sum_of.operands
            if (borrows or carries) and len(step.operations) == 1 and later.isdisjoint(made):
                del self.block.steps[position]
                return replace(step, operations=(*step.operations, last.jump))
            later |= {*step.reads_anywhere(), *(register for register, _ in step.reads_fixed())}
        return last

    def table(self, value: Value) -> None:
        """index - n is negative for an entry; the jump goes that far back from the end of a table of jumps."""
        *cases, default = self.edges(value.targets)
        index = self.operand(value.args[0], self.cover.representation[value.args[0]])
        offset = self.fresh("e")
        jump_label = f"{self.block.label}_table"
        end = f"{self.block.label}_end"
        self.step(
            Step(
                terms=(Term(index),),
                constant=-len(cases),
                destinations=(offset,),
                operations=(jump("JMPN", jump_label, default.label),),
            )
        )
        self.block.edges = [Edge(jump_label), default]
        self.open(jump_label, self.block.frequency, [])
        self.step(Step(operations=(Operation("JMP", (offset,), ("E",), targets=(end,)),)))
        self.block.edges = cases

    def leave(self, value: Value) -> None:
        """A call in place of a return: a jump, with the return address of this function."""
        signature = self.signatures[called_signature(value)]
        args = [self.operand(arg, wanted) for arg, wanted in zip(value.args, signature.parameters, strict=False)]
        call = self.direct(value, args) if value.op == "return_call" else call_through(self, value, args)
        assert self.result.return_address is not None
        operands, fixed = (*call.operands, self.result.return_address), (*call.fixed, "RR")
        clobbers = tuple(name for name in call.clobbers if name != "RR")
        self.step(Step(operations=(replace(call, name="JMP", operands=operands, fixed=fixed, clobbers=clobbers),)))

    def give_back(self, value: Value) -> None:
        signature = self.signatures[self.function.index]
        args = [self.operand(arg, wanted) for arg, wanted in zip(value.args, signature.results, strict=True)]
        for number, register in enumerate(args[len(PLACES) :]):
            self.step(using(register, store(Slot("returned", number))))
        assert self.result.return_address is not None
        registers = (*args[: len(PLACES)], self.result.return_address)
        places = (*PLACES[: len(args)], "RR")
        self.step(Step(operations=(Operation("RETURN", registers, places),)))
