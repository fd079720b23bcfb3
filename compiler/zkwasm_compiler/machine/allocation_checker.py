"""The symbolic checker of register allocation, in the manner of regalloc2's.

It knows the function before and after, and which original steps each allocated step claims to do (`origins`), and
nothing of the allocator. The abstract state says for every register and every frame cell which values it holds, on all
paths; it flows to a fixpoint with intersection where paths meet. Then every step must do what its originals did: read
the same values, under the same operations, in the same order; and the machine must have the step at all. A register or
a cell that was not written holds nothing, so reading it is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.machine.allocation import (
    NARROW_REGISTERS,
    AllocatedFunction,
    copied,
    fits_one_limb,
)
from zkwasm_compiler.machine.function import Edge, MachineBlock, MachineFunction
from zkwasm_compiler.machine.legality import check_step
from zkwasm_compiler.machine.printer import PRIME, print_step
from zkwasm_compiler.machine.step import (
    BINARY,
    DEFINED,
    LIMB,
    NEXT,
    Advice,
    Operation,
    Slot,
    Step,
    VirtualRegister,
    constant_register,
)

Value = VirtualRegister
Place = str | Slot
State = dict[Place, frozenset[Value]]
Steps = list[tuple[Step[str], tuple[int, ...]]]

EXCHANGEABLE = (BINARY - {"SUB", "LT", "SLT"}) | {"ARITH"}
NOTHING: frozenset[Value] = frozenset()


def check_allocation(before: MachineFunction[VirtualRegister], after: MachineFunction[str]) -> None:
    """Check that `after` computes what `before` does. *Raises:* InternalError with the place."""
    if not isinstance(after, AllocatedFunction):
        raise InternalError(f"{after.name}: only an AllocatedFunction says where its steps come from")
    _Checker(before, after).run()


@dataclass(frozen=True, slots=True)
class _Passage:
    """An edge of the original function between blocks of the allocated one: the values that it renames."""

    target: str
    renamed: Mapping[Value, Value]


class _Checker:
    def __init__(self, before: MachineFunction[VirtualRegister], after: AllocatedFunction) -> None:
        self.before = before
        self.after = after
        self.originals = {block.label: block for block in before.blocks}
        self.allocated = {block.label: block for block in after.blocks}
        self.sources = dict(_copies(before))
        self.named_cells = {
            operation.slot for step in before.steps() for operation in step.operations if operation.slot is not None
        }
        self.states: dict[str, State] = {}
        self.seen: dict[tuple[str, int], Step[VirtualRegister]] = {}
        self.added_names: dict[str, Mapping[Value, Value]] = {}
        """What is renamed behind the blocks that allocation put on edges."""
        self.place = after.name

    def run(self) -> None:
        """Flow to the fixpoint, then check every step in the states found."""
        if not self.after.blocks or self.after.blocks[0].label != self.before.blocks[0].label:
            raise InternalError(f"{self.before.name}: the allocated function starts in another block")
        entry = self.after.blocks[0].label
        self.states[entry] = self.arrival()
        work = [entry]
        while work:
            label = work.pop()
            state = dict(self.states[label])
            for step, origins in self.steps(label):
                self.execute(state, step, [self.original(label, number) for number in origins])
            for passage in self.passages(label):
                if self.flow(passage.target, renamed(state, passage.renamed)):
                    work.append(passage.target)
        for block in self.after.blocks:
            if block.label in self.states:
                self.check_block(block)

    def arrival(self) -> State:
        state: State = {}
        for argument, place in zip(self.before.arguments, self.before.argument_places, strict=True):
            state[place if isinstance(place, str) else Slot("frame", place)] = frozenset({argument})
        if self.before.return_address is not None:
            state["RR"] = frozenset({self.before.return_address})
        return state

    def flow(self, label: str, state: State) -> bool:
        """Meet a block's state with one more; whether it changed."""
        old = self.states.get(label)
        if old is None:
            self.states[label] = state
            return True
        met = {place: values & state.get(place, NOTHING) for place, values in old.items()}
        met = {place: values for place, values in met.items() if values}
        self.states[label] = met
        return met != old

    # The two functions

    def same(self, value: Value) -> Value:
        """The value that `value` is a copy of."""
        while value.constant is None and value in self.sources:
            value = self.sources[value]
        return value if value.constant is None else constant_register(value.constant)

    def steps(self, label: str) -> Steps:
        block = self.allocated[label]
        origins = self.after.origins.get(label)
        if origins is None or len(origins) != len(block.steps):
            raise InternalError(f"{label}: {len(block.steps)} steps, but origins of {len(origins or [])}")
        return list(zip(block.steps, origins, strict=True))

    def original(self, label: str, number: int) -> Step[VirtualRegister]:
        """An original step with copies seen through and without a jump that its block's only edge expresses."""
        if (label, number) not in self.seen:
            self.seen[label, number] = self.see(label, number)
        return self.seen[label, number]

    def see(self, label: str, number: int) -> Step[VirtualRegister]:
        block = self.originals.get(label)
        if block is None or not 0 <= number < len(block.steps):
            raise InternalError(f"{label}: there is no original step {number}")
        step = block.steps[number].map(self.same, lambda register: register)
        if len(block.edges) == 1:
            kept = tuple(
                op
                for op in step.operations
                if not (op.name == "JMP" and not op.fixed and op.targets[0] in self.originals)
            )
            step = replace(step, operations=kept)
        return step

    def passages(self, label: str) -> list[_Passage]:
        """Where control goes behind a block, with the parameters that get new values on the way."""
        block, original = self.allocated[label], self.originals.get(label)
        if original is None:
            return [_Passage(block.edges[0].label, self.added_names[label])]
        if len(block.edges) != len(original.edges):
            raise InternalError(f"{label}: {len(block.edges)} edges instead of {len(original.edges)}")
        passages = []
        for edge, wanted in zip(block.edges, original.edges, strict=True):
            target = edge.label
            if target not in self.allocated:
                raise InternalError(f"{label}: an edge goes to {target}, which is no block")
            arguments = (self.same(arg) for arg in wanted.args)
            names = dict(zip(self.originals[wanted.label].parameters, arguments, strict=True))
            names = {parameter: argument for parameter, argument in names.items() if parameter not in self.sources}
            if target not in self.originals:
                if len(self.allocated[target].edges) != 1 or self.added_names.setdefault(target, names) != names:
                    raise InternalError(f"{target} is no original block and does not stand for one edge")
                target, names = self.allocated[target].edges[0].label, {}
            if target != wanted.label:
                raise InternalError(f"{label}: an edge leads to {target} instead of {wanted.label}")
            passages.append(_Passage(edge.label, names))
        return passages

    # What a step does to the state

    def execute(self, state: State, step: Step[str], originals: list[Step[VirtualRegister]]) -> None:
        """Change `state` as the step does."""
        held = self.op(state, step, originals)
        made = {name for original in originals for name in original.destinations if name not in self.sources}
        for result in (value for original in originals for value, _ in original.writes_fixed()):
            made.add(self.same(result))
        for place, values in list(state.items()):
            if values & made:
                state[place] = values - made
        state.update({name: kept_in(name, held) for name in step.destinations})
        memory = step.memory
        if memory is not None and memory.name == "MSTORE" and memory.slot is not None:
            state[memory.slot] = held if self.is_home(memory.slot) else NOTHING
        for name in step.clobbers():
            state.pop(name, None)
        for original in originals:
            for value, register in original.writes_fixed():
                state[register] = frozenset({self.same(value)})

    def op(self, state: State, step: Step[str], originals: list[Step[VirtualRegister]]) -> frozenset[Value]:
        """The values that the step's op is known to be."""
        found = {self.same(name) for original in originals for name in original.destinations}
        return frozenset(found) | self.plain(state, step)

    def plain(self, state: State, step: Step[str]) -> frozenset[Value]:
        """The values of op when the step only copies a register or a cell, or makes a constant."""
        if step.free is None and not step.constant and step.long_constant is None and len(step.terms) == 1:
            (term,) = step.terms
            if term.coefficient == 1 and not term.rotated:
                return state.get(term.register, NOTHING)
        if step.free is None and not step.terms:
            if step.long_constant is not None:
                return frozenset({constant_register(step.long_constant)})
            if 0 <= step.constant < LIMB:
                return frozenset({constant_register(step.constant)})
        memory = step.memory
        loads = step.free is DEFINED and not step.terms and memory is not None and memory.name == "MLOAD"
        if loads and memory is not None and memory.slot is not None and self.is_home(memory.slot):
            return state.get(memory.slot, NOTHING)
        return NOTHING

    def is_home(self, slot: Slot) -> bool:
        """Whether the cell is one that allocation gives to values."""
        return slot.area == "frame" and slot not in self.named_cells

    # Checks

    def fail(self, message: str) -> InternalError:
        return InternalError(f"{self.place}: {message}")

    def check_block(self, block: MachineBlock[str]) -> None:
        state = dict(self.states[block.label])
        done: list[int] = []
        for number, (step, origins) in enumerate(self.steps(block.label)):
            self.place = f"{block.label}, step {number} `{print_step(step, _slot_text)}`"
            check_step(step, self.place)
            originals = [self.original(block.label, origin) for origin in origins]
            self.check_step(state, step, originals, block)
            self.execute(state, step, originals)
            if "RR" in step.destinations and self.before.return_address not in state["RR"]:
                raise self.fail("RR has one limb and only holds the return address")
            done += origins
        self.check_order(block.label, done)
        self.check_end(block)

    def check_step(
        self, state: State, step: Step[str], originals: list[Step[VirtualRegister]], block: MachineBlock[str]
    ) -> None:
        """Check that the step computes what the first original computes and that the others go on with its op."""
        expected = [operation for original in originals for operation in original.operations]
        held = self.op(state, step, originals)
        rest = originals
        if originals and not self.continues(originals[0], self.plain(state, step)):
            self.check_sum(state, step, originals[0])
            rest = originals[1:]
        for original in rest:
            if not self.continues(original, held):
                raise self.fail("a step was fused that does not go on with the value of the step")
        if not originals and step.operations and step.operations[0].name != "JMP":
            self.check_added(step)
        self.check_operations(state, step, expected, held, block)

    def continues(self, original: Step[VirtualRegister], held: frozenset[Value]) -> bool:
        """Whether the original only needs an op that holds these values."""
        value = copied(original)
        needs_no_op = all(op.name in ("JMP", "CALL", "RETURN") for op in original.operations)
        empty = not original.terms and not original.constant and original.long_constant is None
        if empty and original.free is None and needs_no_op and not original.destinations:
            return True
        return value is not None and self.same(value) in held

    def check_added(self, step: Step[str]) -> None:
        """A step that allocation added may only load or store a home."""
        for operation in step.operations:
            if operation.name not in ("MLOAD", "MSTORE", "JMP"):
                raise self.fail(f"nothing in the original does {operation.name}")

    def check_sum(self, state: State, step: Step[str], original: Step[VirtualRegister]) -> None:
        """Check terms, constants and free input; constants of the original may have become literals."""
        terms = list(step.terms)
        low = high = 0
        values = [self.same(wanted.register) for wanted in original.terms]
        constants = len(terms) - sum(value.constant is None for value in values)  # that registers hold
        for wanted, value in zip(original.terms, values, strict=True):
            found = terms[0] if terms else None
            alike = found is not None and (found.coefficient, found.rotated) == (wanted.coefficient, wanted.rotated)
            due = value.constant is None or constants > 0
            if found is not None and alike and due and value in state.get(found.register, NOTHING):
                terms.pop(0)
                constants -= value.constant is not None
                continue
            if value.constant is None:
                raise self.fail(f"the original reads {value} here, {self.describe(state, found)}")
            limbs = (value.constant % LIMB, value.constant // LIMB)
            low += wanted.coefficient * limbs[wanted.rotated]
            high += wanted.coefficient * limbs[not wanted.rotated]
        if terms:
            raise self.fail(f"it reads {terms[0].register}, which the original does not")
        long = (original.long_constant or 0) - (step.long_constant or 0)
        if (original.long_constant is None) != (step.long_constant is None) or long:
            raise self.fail("its 64-bit constant is another one")
        if (original.constant + low - step.constant) % PRIME or high % PRIME:
            raise self.fail("its constant is another one")
        self.check_free(state, step, original)

    def check_free(self, state: State, step: Step[str], original: Step[VirtualRegister]) -> None:
        if isinstance(step.free, Advice) and isinstance(original.free, Advice):
            if step.free.text != original.free.text or len(step.free.operands) != len(original.free.operands):
                raise self.fail("its advice is another one")
            for register, value in zip(step.free.operands, original.free.operands, strict=True):
                if self.same(value) not in state.get(register, NOTHING):
                    raise self.fail(f"the advice reads {value}, but {register} holds {_names(state.get(register))}")
        elif step.free is not original.free:
            raise self.fail("its free input is another one")

    def describe(self, state: State, term: object) -> str:
        if term is None:
            return "the step reads nothing more"
        register = getattr(term, "register", "")
        return f"but the next term is {term} and {register} holds {_names(state.get(register))}"

    def check_operations(
        self,
        state: State,
        step: Step[str],
        expected: list[Operation[VirtualRegister]],
        held: frozenset[Value],
        block: MachineBlock[str],
    ) -> None:
        """Check that the step has the originals' operations, else only accesses to homes and the final plain jump."""
        left = list(expected)
        for operation in step.operations:
            match = next((op for op in left if self.corresponds(op, operation, block)), None)
            if match is not None:
                left.remove(match)
                self.check_operands(state, step, operation, match, held)
            elif operation.name == "JMP" and not operation.fixed and block.edges:
                if step is not block.steps[-1] or [edge.label for edge in block.edges] != list(operation.targets):
                    raise self.fail(f"it jumps to {operation.targets[0]}")
            elif operation.slot is None or not self.is_home(operation.slot):
                raise self.fail(f"the original has no such {operation.name}")
            elif operation.name == "MLOAD" and (step.free is not DEFINED or step.terms or step.constant):
                raise self.fail("a reload must be of the form `$ => …`")
        if left:
            raise self.fail(f"the original's {left[0].name} is missing")

    def corresponds(
        self, original: Operation[VirtualRegister], operation: Operation[str], block: MachineBlock[str]
    ) -> bool:
        """Whether an operation is that of the original, but for its registers."""
        shape = (original.name, original.fixed, original.fixed_results, original.clobbers, original.slot)
        if shape != (operation.name, operation.fixed, operation.fixed_results, operation.clobbers, operation.slot):
            return False
        if operation.name == "CALL" or not any(target in self.originals for target in original.targets):
            return original.targets == operation.targets
        edges = iter([edge.label for edge in block.edges])
        targets = [next(edges, "") if target in self.originals else target for target in original.targets]
        return (*targets, *edges) == operation.targets

    def check_operands(
        self,
        state: State,
        step: Step[str],
        operation: Operation[str],
        original: Operation[VirtualRegister],
        held: frozenset[Value],
    ) -> None:
        def content(register: str) -> frozenset[Value]:
            """What the operation finds: arguments and results come behind the assignment, all else before it."""
            behind = register in operation.late and register in step.destinations
            return held if behind else state.get(register, NOTHING)

        def holds(register: str, value: Value) -> bool:
            return self.same(value) in content(register)

        wanted = list(zip(original.operands, original.fixed, strict=True))
        if operation.name in EXCHANGEABLE and not all(holds(register, value) for value, register in wanted):
            (x, _), (y, _), *others = wanted
            wanted = [(y, "A"), (x, "B"), *others]
        for value, register in wanted:
            if not holds(register, value):
                raise self.fail(
                    f"{operation.name} reads {value} in {register}, which holds {_names(content(register))}"
                )

    def check_order(self, label: str, done: list[int]) -> None:
        """Check that every original step was done once, and that only what commutes changed places."""
        block = self.originals.get(label)
        if block is None:
            if done:
                raise InternalError(f"{label}: an added block does original steps")
            return
        if len(set(done)) != len(done):
            raise InternalError(f"{label}: a step of the original is done twice")
        for number, original in enumerate(block.steps):
            if number not in done and self.original(label, number).operations and not _is_load(original):
                text = print_step(original, _slot_text)
                raise InternalError(f"{label}: step {number} of the original, `{text}`, is missing")
        for position, later in enumerate(done):
            for earlier in done[position + 1 :]:
                if earlier < later and not _commute(block.steps[earlier], block.steps[later]):
                    raise InternalError(f"{label}: step {later} of the original is done before step {earlier}")

    def check_end(self, block: MachineBlock[str]) -> None:
        """Check that a block with one edge ends with a jump to it or names it."""
        last = block.steps[-1].jump if block.steps else None
        if len(block.edges) != 1 or (last is not None and (last.fixed or block.edges[0].label in last.targets)):
            return
        raise InternalError(f"{block.label} does not end with a jump to {block.edges[0].label}")


def _copies(function: MachineFunction[VirtualRegister]) -> Iterator[tuple[Value, Value]]:
    """Values that are others: copies made by steps, parameters of blocks with one incoming edge."""
    blocks = {block.label: block for block in function.blocks}
    edges: dict[str, list[Edge[Value]]] = {function.blocks[0].label: []}
    work = [function.blocks[0]]
    while work:
        for edge in work.pop().edges:
            if edge.label not in edges:
                work.append(blocks[edge.label])
            edges.setdefault(edge.label, []).append(edge)
    for label, incoming in edges.items():
        if len(incoming) == 1:
            yield from zip(blocks[label].parameters, incoming[0].args, strict=True)
        for step in blocks[label].steps:
            value = copied(step)
            for destination in step.destinations if value is not None else step.destinations[1:]:
                yield destination, value if value is not None else step.destinations[0]


def kept_in(register: str, values: frozenset[Value]) -> frozenset[Value]:
    """What a register holds that gets these values: a narrow one has only one limb."""
    if register not in NARROW_REGISTERS:
        return values
    return frozenset(value for value in values if fits_one_limb(value))


def renamed(state: State, names: Mapping[Value, Value]) -> State:
    """The state behind an edge: what held an argument holds the parameter, parameters' old values are gone."""
    if not names:
        return dict(state)
    by_argument: dict[Value, list[Value]] = {}
    for parameter, argument in names.items():
        by_argument.setdefault(argument, []).append(parameter)
    result: State = {}
    for place, values in state.items():
        new = {value for value in values if value not in names}
        new.update(parameter for value in values for parameter in by_argument.get(value, ()))
        result[place] = frozenset(new)
    return result


def _is_load(step: Step[VirtualRegister]) -> bool:
    """Whether the step only loads a cell, so that it may be dropped when nobody reads the value."""
    return len(step.operations) == 1 and step.operations[0].name == "MLOAD" and step.free is DEFINED and not step.terms


def _commute(earlier: Step[VirtualRegister], later: Step[VirtualRegister]) -> bool:
    """Whether two steps may change places, as far as that does not show in the values they read."""
    if (_exits(earlier) and _shows(later)) or (_exits(later) and _shows(earlier)):
        return False
    x, y = earlier.memory, later.memory
    if x is None or y is None or (x.name == "MLOAD" and y.name == "MLOAD"):
        return True
    return not x.fixed and not y.fixed and x.slot != y.slot


def _exits(step: Step[VirtualRegister]) -> bool:
    """Whether control may leave at the step; a jump to where no proof gets does not count."""
    return step.jump is not None and not (step.jump.targets and set(step.jump.targets) <= {"fail", NEXT})


def _shows(step: Step[VirtualRegister]) -> bool:
    """Whether it matters on a path that leaves if the step was done: it stores, jumps or constrains."""
    return bool(step.operations) or isinstance(step.free, Advice)


def _slot_text(slot: Slot) -> str:
    return f"{slot.area}[{slot.index}]"


def _names(values: frozenset[Value] | None) -> str:
    return " and ".join(sorted(map(str, values))) if values else "nothing"
