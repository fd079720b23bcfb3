"""Writes the allocated function: the steps with their registers, the moves between them and on the edges."""

from __future__ import annotations

from dataclasses import replace

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.lowering.allocate_arrivals import Arrivals
from zkwasm_compiler.lowering.allocate_body import Body, BodyEdge, BodyStep
from zkwasm_compiler.lowering.allocate_cells import Cells
from zkwasm_compiler.lowering.allocate_grid import Value
from zkwasm_compiler.lowering.allocate_transfers import Fill, Transfers, holder
from zkwasm_compiler.lowering.parallel_move import Move, Source, parallel_move
from zkwasm_compiler.machine.allocation import VALUE_REGISTERS, AllocatedFunction
from zkwasm_compiler.machine.function import Edge, MachineBlock, MachineFunction, fresh_label
from zkwasm_compiler.machine.step import Advice, Operation, Slot, Step, Term, VirtualRegister, jump, store


def emit(
    function: MachineFunction[VirtualRegister],
    body: Body,
    transfers: Transfers,
    cells: Cells,
    arrivals: Arrivals,
) -> AllocatedFunction:
    """The allocated function. `arrivals` says where arguments are stored."""
    return _Emitter(function, body, transfers, cells, arrivals).run()


class _Emitter:
    def __init__(
        self,
        function: MachineFunction[VirtualRegister],
        body: Body,
        transfers: Transfers,
        cells: Cells,
        arrivals: Arrivals,
    ) -> None:
        self.function = function
        self.body = body
        self.transfers = transfers
        self.cells = cells
        self.arrivals = arrivals
        self.labels = {block.label for block in body.blocks}
        self.edge_labels: dict[BodyEdge, str] = {}
        self.edge_steps = {edge: self.edge_moves(edge) for edge in body.edges()}
        self.result = AllocatedFunction(
            function.name,
            arguments=[str(place) for place in function.argument_places],
            argument_places=list(function.argument_places),
            return_address=None if function.return_address is None else "RR",
            recursive=function.recursive,
        )

    def run(self) -> AllocatedFunction:
        for edge in self.body.edges():
            if self.edge_steps[edge] and self.needs_block(edge):
                name = f"{self.body.blocks[edge.source].label}_edge{edge.position}"
                self.edge_labels[edge] = fresh_label(name, self.labels)
        for number in range(len(self.body.blocks)):
            self.block(number)
        self.result.frame_size = max(
            self.function.frame_size,
            self.cells.size,
            *(1 + place for place in self.function.argument_places if isinstance(place, int)),
            0,
        )
        return self.result

    # Edges

    def needs_block(self, edge: BodyEdge) -> bool:
        """Whether the moves of an edge fit neither at the end of its source nor at the start of its target."""
        return self.body.blocks[edge.source].jumps and len(self.body.blocks[edge.target].incoming) > 1

    def edge_moves(self, edge: BodyEdge) -> list[Step[str]]:
        """The steps on an edge: fills, cells of stored parameters, and a store that the last step had no room for."""
        held = self.transfers.ends[edge.source]
        target = self.body.blocks[edge.target]
        stores: list[tuple[Value, Slot]] = []
        for parameter in target.parameters:
            argument = edge.before(parameter)
            if parameter in self.cells.stored and not self.in_cell(argument, parameter):
                stores.append((argument, self.cells.slot(parameter)))
        stores += [(value, self.cells.slot(value)) for value in self.arriving(edge)]
        late = self.late_store(edge)
        if late is not None:
            stores.append((late, self.cells.slot(late)))
        rows = self.transfers.grid.rows[edge.target]
        free = [name for name in VALUE_REGISTERS if rows[name][0] is None]
        return self.moves(self.transfers.edge_fills[edge], stores, held, free)

    def arriving(self, place: int | BodyEdge) -> list[Value]:
        """The arguments that are stored at the start of a block or on an edge."""
        return [
            value
            for value, stored in self.arrivals.items()
            if value in self.cells.stored and (place in stored.blocks or place in stored.edges)
        ]

    def in_cell(self, argument: Value, parameter: Value) -> bool:
        """Whether the parameter's cell holds the argument already."""
        return argument in self.cells.stored and self.cells.web(argument) == self.cells.web(parameter)

    def late_store(self, edge: BodyEdge) -> Value | None:
        """The value of the source's last step, if it must be stored but the jump of the step left no room for that."""
        source = self.body.blocks[edge.source]
        if not source.jumps or not source.steps:
            return None
        step = source.steps[-1]
        if step.defined is None or step.defined not in self.cells.stored or step.stores:
            return None
        target = self.body.blocks[edge.target]
        passed = any(edge.before(p) == step.defined and self.in_cell(step.defined, p) for p in target.parameters)
        return step.defined if passed or self.transfers.live.alive(step.defined, edge.target, 0) else None

    # Blocks

    def block(self, number: int) -> None:
        block = self.body.blocks[number]
        steps: list[Step[str]] = []
        origins: list[tuple[int, ...]] = []

        def add(extra: list[Step[str]]) -> None:
            steps.extend(extra)
            origins.extend(() for _ in extra)

        if len(block.incoming) == 1 and self.body.blocks[block.incoming[0].source].jumps:
            add(self.edge_steps[block.incoming[0]])
        for position, step in enumerate(block.steps):
            add(self.gap_moves(number, position))
            steps.append(self.step(number, position, step))
            origins.append((step.origin,))
        edges = [
            Edge[str](self.edge_labels.get(edge, self.body.blocks[edge.target].label), expected=edge.expected)
            for edge in block.outgoing
        ]
        if block.jumps:
            steps[-1] = self.retarget(steps[-1], edges)
        elif block.outgoing:
            if len(edges) != 1:
                raise InternalError(f"{block.label} has {len(edges)} edges but no jump that chooses")
            add(self.stores_behind(number))
            add(self.edge_steps[block.outgoing[0]])
            add([Step(operations=(jump("JMP", edges[0].label),))])
        self.result.blocks.append(MachineBlock(block.label, [], steps, edges, block.frequency, block.expected))
        self.result.origins[block.label] = origins
        for edge in block.outgoing:
            if edge in self.edge_labels:
                self.edge_block(edge)

    def edge_block(self, edge: BodyEdge) -> None:
        label, target = self.edge_labels[edge], self.body.blocks[edge.target].label
        steps = [*self.edge_steps[edge], Step(operations=(jump("JMP", target),))]
        edges = [Edge[str](target, expected=edge.expected)]
        self.result.blocks.append(MachineBlock(label, [], steps, edges, edge.frequency, edge.expected))
        self.result.origins[label] = [() for _ in steps]

    def retarget(self, step: Step[str], edges: list[Edge[str]]) -> Step[str]:
        """The last step with the labels of its edges; a target that it leaves out is written."""
        blocks = {block.label for block in self.body.blocks}
        names = iter([edge.label for edge in edges])
        operations: list[Operation[str]] = []
        for operation in step.operations:
            if operation is step.jump and not operation.fixed:
                targets = [next(names) if target in blocks else target for target in operation.targets]
                operation = replace(operation, targets=(*targets, *names))
            operations.append(operation)
        return replace(step, operations=tuple(operations))

    def stores_behind(self, number: int) -> list[Step[str]]:
        """The store of the value that the last step made, if it had no room for it."""
        block = self.body.blocks[number]
        stores = self.stores_after(number, len(block.steps))
        return self.moves([], stores, self.transfers.ends[number], [])

    def gap_moves(self, number: int, position: int) -> list[Step[str]]:
        """The steps in front of a step: stores that the step before had no room for, then fills."""
        gap = self.transfers.gaps[number][position]
        stores = self.stores_after(number, position)
        rows = self.transfers.grid.rows[number]
        point = 2 * position + 1
        free = [
            name
            for name in VALUE_REGISTERS
            if rows[name][point] is None
            and (name not in gap.after or not self.transfers.live.alive(gap.after[name], number, point))
        ]
        return self.moves(gap.fills, stores, gap.before, free)

    def stores_after(self, number: int, position: int) -> list[tuple[Value, Slot]]:
        """The values to store that arrive at the start of a block, or that the step before made but could not store."""
        if not position:
            return [(value, self.cells.slot(value)) for value in self.arriving(number)]
        step = self.body.blocks[number].steps[position - 1]
        made = [*step.results.values(), *([step.defined] if step.defined is not None and not step.stores else [])]
        return [(value, self.cells.slot(value)) for value in made if value in self.cells.stored]

    def moves(
        self, fills: list[Fill], stores: list[tuple[Value, Slot]], held: dict[str, Value], free: list[str]
    ) -> list[Step[str]]:
        """The steps that do fills and stores at once, given what the registers hold before."""
        filled = {fill.value: fill for fill in fills}
        into: dict[Value, list[Slot]] = {}
        for value, slot in stores:
            into.setdefault(value, []).append(slot)
        moves = []
        for value in dict.fromkeys([*into, *filled]):
            registers = tuple(filled[value].registers) if value in filled else ()
            source = filled[value].source if value in filled and value not in into else holder(held, value)
            moves.append(Move(source or self.home(value), registers, tuple(into.get(value, ()))))
        return parallel_move(moves, free, self.cells.scratch)

    def home(self, value: Value) -> Source:
        """Where a value that no register holds comes from."""
        return self.cells.slot(value) if value.constant is None else value.constant

    # Steps

    def step(self, number: int, position: int, body_step: BodyStep) -> Step[str]:
        step, held = body_step.step, self.transfers.gaps[number][position].after

        def anywhere(value: Value) -> str:
            register = holder(held, value)
            if register is None:
                label = self.body.blocks[number].label
                raise InternalError(f"{label}: step {body_step.origin} reads {value}, which is in no register")
            return register

        free = step.free
        operations = [
            Operation(
                operation.name,
                operation.fixed,
                operation.fixed,
                operation.fixed_results,
                operation.fixed_results,
                operation.clobbers,
                operation.slot,
                operation.targets,
            )
            for operation in step.operations
        ]
        value = body_step.carried
        destinations: tuple[str, ...] = ()
        if value is not None:
            destinations = tuple(
                name
                for name, row in self.transfers.grid.rows[number].items()
                if row[2 * position + 2] == value and held.get(name) != value and not body_step.changes(name)
            )
        if body_step.defined is not None and body_step.defined in self.cells.stored and body_step.stores:
            operations.append(store(self.cells.slot(body_step.defined)))
        return Step(
            terms=tuple(
                Term("C" if term.rotated else anywhere(term.register), term.coefficient, term.rotated)
                for term in step.terms
            ),
            constant=step.constant,
            long_constant=step.long_constant,
            free=Advice(free.text, tuple(map(anywhere, free.operands))) if isinstance(free, Advice) else free,
            destinations=destinations,
            operations=tuple(operations),
            comment=step.comment,
            offset=step.offset,
        )
