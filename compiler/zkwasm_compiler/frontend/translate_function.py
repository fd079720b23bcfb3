"""One function body to SSA with block parameters: `translate_function`.

The operand stack is a list of values while a block is made. A label becomes a block whose first parameters are the
label's types; local variables become further parameters where `variables` needs them. Code after an unconditional
branch is skipped up to the `else` or `end` that makes the place reachable again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.frontend.floats import COMPOSED, REINTERPRETATIONS, compose, op_name
from zkwasm_compiler.frontend.hosts import ENV, HOST_FUNCTIONS, NOTHING, WASI, ZKWASM, forwarding, host_index, is_host
from zkwasm_compiler.frontend.unsupported import TYPES, refuse_instruction, unsupported
from zkwasm_compiler.frontend.variables import Variables
from zkwasm_compiler.ir.function import Block, Function, Immediate, Target, Trap, Type, Value
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.ir.parameters import remove_redundant_parameters
from zkwasm_compiler.ir.self_calls import make_loop_of_self_calls
from zkwasm_compiler.wasm import module as wasm
from zkwasm_compiler.wasm.types import FunctionType, ValueType

ASSERTIONS: dict[tuple[str, str], tuple[Type, ...]] = {
    ("env", "assert_eq"): (Type.I32, Type.I64),
    ("builtin", "assert_eq"): (Type.I32, Type.I64),
    ("env", "assert_eq_i32"): (Type.I32,),
    ("env", "assert_eq_i64"): (Type.I64,),
}
"""The imports that become `assert_eq`, with the types that their two parameters may have."""


def translate_function(module: wasm.Module, index: int, refused: Collection[str] = NOTHING) -> Function:
    """Translate a function that validates. Calls of host functions that lack what is in `refused` have none.

    *Raises:* UnsupportedError at the first thing that has none.
    """
    source = module.defined_function(index)
    if source is None:
        imported = module.imported_functions[index]
        if is_host(imported):
            return forwarding(module, index, imported, refused)
        raise unsupported(
            f"import {imported.module}.{imported.name}: exporting it, starting it or calling it by a reference is not "
            "supported",
            imported.offset,
        )
    return _Translator(module, source, refused).translate()


@dataclass(slots=True)
class _Frame:
    """An open `block`, `loop`, `if` or the function itself.

    `height` is that of the stack below the parameters. `label` is where branches go: a loop's header, otherwise the
    block after the `end`. `otherwise` is the block of the `else` branch until that is translated.
    """

    kind: str
    label: Block
    label_types: tuple[Type, ...]
    results: int
    height: int
    otherwise: Block | None = None
    otherwise_stack: list[Value] = field(default_factory=list)


class _Translator:
    def __init__(self, module: wasm.Module, source: wasm.Function, refused: Collection[str]) -> None:
        self.module = module
        self.refused = refused
        self.source = source
        self.where = module.describe_function(source.index)
        self.offset = source.offset
        signature = module.function_type(source.index)
        self.function = Function(
            module.function_name(source.index) or f"func{source.index}",
            source.index,
            self._declared(signature.parameters),
            self._declared(signature.results),
        )
        local_types = [*self._types(signature.parameters), *self._types(source.local_types)]
        self.variables = Variables(self.function, local_types)
        self.block: Block | None = None  # None in code that cannot be reached
        self.started: list[Block] = []  # blocks in the order of the source
        self.stack: list[Value] = []
        self.frames: list[_Frame] = []
        self.handlers: dict[str, Callable[[wasm.Instruction], None]] = {
            "nop": lambda _: None,
            "unreachable": self._unreachable,
            "block": self._block,
            "loop": self._loop,
            "if": self._if,
            "else": self._else,
            "end": self._end,
            "br": self._br,
            "br_if": self._br_if,
            "br_table": self._br_table,
            "return": self._return,
            "call": self._call,
            "call_indirect": self._call_indirect,
            "return_call": self._return_call,
            "return_call_indirect": self._return_call_indirect,
            "ref.null": self._ref_null,
            "ref.func": self._ref_func,
            "ref.is_null": self._ref_is_null,
            "table.get": self._table_get,
            "table.set": self._table_set,
            "table.size": self._table_size,
            "table.grow": self._table_grow,
            "table.fill": self._table_fill,
            "table.copy": self._table_copy,
            "table.init": self._table_init,
            "elem.drop": self._elem_drop,
            "drop": lambda _: self._drop(),
            "select": self._select,
            "select t": self._select,
            "local.get": self._local_get,
            "local.set": self._local_set,
            "local.tee": self._local_tee,
            "global.get": self._global_get,
            "global.set": self._global_set,
        }

    def translate(self) -> Function:
        entry = self.function.new_block()
        for local, type_ in enumerate(self.function.parameters):
            self.variables.write(entry, local, self.function.add_parameter(entry, type_.carrier))
        self._start(entry)
        results = tuple(type_.carrier for type_ in self.function.results)
        self.frames.append(_Frame("function", self._new_label(results), results, len(results), 0))
        self._translate_body()
        self.variables.finish()
        self.function.blocks = self.started
        make_loop_of_self_calls(self.function)
        remove_redundant_parameters(self.function)
        return self.function

    def _translate_body(self) -> None:
        skipped = 0  # structured instructions opened in unreachable code
        for instruction in self.source.body:
            self.offset = instruction.offset
            name = instruction.name
            if self.block is None:
                if name in ("block", "loop", "if"):
                    skipped += 1
                elif name == "end" and skipped:
                    skipped -= 1
                elif name == "end" or (name == "else" and not skipped):
                    self.handlers[name](instruction)
            elif name in self.handlers:
                self.handlers[name](instruction)
            else:
                self._operator(instruction)

    # Values

    def _operator(self, instruction: wasm.Instruction) -> None:
        """A constant or an instruction that is an op, or several."""
        if instruction.name in REINTERPRETATIONS:
            return
        if instruction.name in COMPOSED:
            self.stack.append(compose(self._add, instruction.name, self._pop_many(COMPOSED[instruction.name])))
            return
        row = OPS.get(op_name(instruction.name))
        if row is None or row.operands is None or row.result is None:
            raise refuse_instruction(instruction.name, self.where, instruction.offset)
        args = self._pop_many(len(row.operands))
        immediate = int(instruction.immediates[-1]) if instruction.immediates else None  # of an access: its offset
        value = self._add(row.name, row.result, args, immediate)
        if row.result is not Type.NONE:
            self.stack.append(value)

    def _drop(self) -> None:
        self.stack.pop()

    def _select(self, instruction: wasm.Instruction) -> None:
        args = self._pop_many(3)
        self.stack.append(self._add("select", args[0].type, args))

    def _local_get(self, instruction: wasm.Instruction) -> None:
        self.stack.append(self.variables.read(self._here(), instruction.immediates[0]))

    def _local_set(self, instruction: wasm.Instruction) -> None:
        self.variables.write(self._here(), instruction.immediates[0], self.stack.pop())

    def _local_tee(self, instruction: wasm.Instruction) -> None:
        self.variables.write(self._here(), instruction.immediates[0], self.stack[-1])

    def _global_get(self, instruction: wasm.Instruction) -> None:
        index = instruction.immediates[0]
        type_ = TYPES[self.module.global_types[index].value].carrier
        self.stack.append(self._add("global.get", type_, [], index))

    def _global_set(self, instruction: wasm.Instruction) -> None:
        self._add("global.set", Type.NONE, [self.stack.pop()], instruction.immediates[0])

    def _call(self, instruction: wasm.Instruction) -> None:
        index = instruction.immediates[0]
        signature = self.module.function_type(index)
        parameters = self._types(signature.parameters)
        args = self._pop_many(len(parameters))
        if self.module.defined_function(index) is None:
            imported = self.module.imported_functions[index]
            if not is_host(imported):
                self._call_import(imported, signature, parameters, args)
                return
            index = host_index(self.module, imported, signature, self.where, self.offset, self.refused)
        call = self._add("call", Type.TUPLE, args, index)
        for position, type_ in enumerate(self._types(signature.results)):
            self.stack.append(self._add("result", type_, [call], position))

    def _call_indirect(self, instruction: wasm.Instruction) -> None:
        type_index, table = instruction.immediates
        type_ = self.module.types[type_index]
        args = self._pop_many(len(type_.parameters) + 1)
        call = self._add("call_indirect", Type.TUPLE, args, (table, self.module.signatures.index(type_)))
        for position, result in enumerate(self._types(type_.results)):
            self.stack.append(self._add("result", result, [call], position))

    def _return_call(self, instruction: wasm.Instruction) -> None:
        index = instruction.immediates[0]
        if self.module.defined_function(index) is None:
            self._call(instruction)
            self._return(instruction)
            return
        args = self._pop_many(len(self.module.function_type(index).parameters))
        self._terminate("return_call", args, index)

    def _return_call_indirect(self, instruction: wasm.Instruction) -> None:
        type_index, table = instruction.immediates
        type_ = self.module.types[type_index]
        args = self._pop_many(len(type_.parameters) + 1)
        self._terminate("return_call_indirect", args, (table, self.module.signatures.index(type_)))

    # References and tables

    def _ref_null(self, instruction: wasm.Instruction) -> None:
        type_ = TYPES[instruction.immediates[0]]
        self.stack.append(self._add(f"{type_.value}.const", type_, [], 0))

    def _ref_func(self, instruction: wasm.Instruction) -> None:
        self.stack.append(self._add("funcref.const", Type.FUNCREF, [], 1 + instruction.immediates[0]))

    def _ref_is_null(self, instruction: wasm.Instruction) -> None:
        self.stack.append(self._add("ref.is_null", Type.I32, [self.stack.pop()]))

    def _table_get(self, instruction: wasm.Instruction) -> None:
        table = instruction.immediates[0]
        type_ = TYPES[self.module.table_types[table].element]
        self.stack.append(self._add("table.get", type_, [self.stack.pop()], table))

    def _table_set(self, instruction: wasm.Instruction) -> None:
        self._add("table.set", Type.NONE, self._pop_many(2), instruction.immediates[0])

    def _table_size(self, instruction: wasm.Instruction) -> None:
        self.stack.append(self._add("table.size", Type.I32, [], instruction.immediates[0]))

    def _table_grow(self, instruction: wasm.Instruction) -> None:
        self.stack.append(self._add("table.grow", Type.I32, self._pop_many(2), instruction.immediates[0]))

    def _table_fill(self, instruction: wasm.Instruction) -> None:
        self._add("table.fill", Type.NONE, self._pop_many(3), instruction.immediates[0])

    def _table_copy(self, instruction: wasm.Instruction) -> None:
        target, source = instruction.immediates
        self._add("table.copy", Type.NONE, self._pop_many(3), (target, source))

    def _table_init(self, instruction: wasm.Instruction) -> None:
        segment, table = instruction.immediates
        self._add("table.init", Type.NONE, self._pop_many(3), (table, self._segment(segment)))

    def _elem_drop(self, instruction: wasm.Instruction) -> None:
        self._add("data.drop", Type.NONE, [], self._segment(instruction.immediates[0]))

    def _segment(self, element: int) -> int:
        """Element segments stand behind the data segments."""
        return len(self.module.data) + element

    def _call_import(
        self, imported: wasm.Import, signature: FunctionType, parameters: tuple[Type, ...], args: list[Value]
    ) -> None:
        name = f"{imported.module}.{imported.name}"
        allowed = ASSERTIONS.get((imported.module, imported.name))
        if allowed is None:
            others = [key for key in HOST_FUNCTIONS if key[0] == ENV]
            known = ", ".join(f"{module}.{function}" for module, function in (*ASSERTIONS, *others))
            raise unsupported(
                f"{self.where}: call of import {name}: not supported; link a module that exports it, or import a "
                f"function of {ZKWASM}, of {WASI} or one of these: {known}",
                self.offset,
            )
        if signature.results or parameters not in [(type_, type_) for type_ in allowed]:
            types = " or ".join(f"[{type_.value} {type_.value}] -> []" for type_ in allowed)
            raise unsupported(f"{self.where}: import {name} has type {signature}; supported: {types}", self.offset)
        self._add("assert_eq", Type.NONE, args)

    # Control

    def _unreachable(self, instruction: wasm.Instruction) -> None:
        self._terminate("trap", immediate=Trap.UNREACHABLE)

    def _block(self, instruction: wasm.Instruction) -> None:
        parameters, results = self._block_types(instruction)
        height = len(self.stack) - len(parameters)
        self.frames.append(_Frame("block", self._new_label(results), results, len(results), height))

    def _loop(self, instruction: wasm.Instruction) -> None:
        parameters, results = self._block_types(instruction)
        header = self._new_label(parameters)
        args = self._pop_many(len(parameters))
        height = len(self.stack)
        self.stack += header.parameters
        self._terminate("br", targets=[Target(header, args)])
        self._start(header)  # sealed at the `end`, when the edges back are known
        self.frames.append(_Frame("loop", header, parameters, len(results), height))

    def _if(self, instruction: wasm.Instruction) -> None:
        parameters, results = self._block_types(instruction)
        condition = self.stack.pop()
        height = len(self.stack) - len(parameters)
        then, otherwise = self.function.new_block(), self.function.new_block()
        frame = _Frame("if", self._new_label(results), results, len(results), height, otherwise, self.stack[height:])
        self.frames.append(frame)
        self._terminate("br_if", [condition], targets=[Target(then), Target(otherwise)])
        self._seal_and_start(then)

    def _else(self, instruction: wasm.Instruction) -> None:
        frame = self.frames[-1]
        if frame.otherwise is None:
            raise InternalError(f"{self.where}: an else without if at byte {instruction.offset:#x}")
        if self.block is not None:
            self._terminate("br", targets=[self._target(frame)])
        self.stack[frame.height :] = frame.otherwise_stack
        self._seal_and_start(frame.otherwise)
        frame.otherwise = None

    def _end(self, instruction: wasm.Instruction) -> None:
        if self.frames[-1].otherwise is not None:
            self._else(instruction)  # an `if` without `else` passes its parameters on
        frame = self.frames.pop()
        if frame.kind == "loop":
            self.variables.seal(frame.label)
        elif self.variables.has_edges(frame.label):
            if self.block is not None:
                self._terminate("br", targets=[self._target(frame)])
            self.stack[frame.height :] = frame.label.parameters
            self._seal_and_start(frame.label)
        if self.block is not None:
            results = self._pop_many(frame.results)
            self.stack[frame.height :] = results
            if frame.kind == "function":
                self._terminate("return", results)

    def _br(self, instruction: wasm.Instruction) -> None:
        frame = self._frame(instruction.immediates[0])
        if frame.kind == "function":
            self._return(instruction)
        else:
            self._terminate("br", targets=[self._target(frame)])

    def _br_if(self, instruction: wasm.Instruction) -> None:
        condition = self.stack.pop()
        after = self.function.new_block()
        taken = self._target(self._frame(instruction.immediates[0]))
        self._terminate("br_if", [condition], targets=[taken, Target(after)])
        self._seal_and_start(after)

    def _br_table(self, instruction: wasm.Instruction) -> None:
        labels, default = instruction.immediates
        index = self.stack.pop()
        targets = [self._target(self._frame(label)) for label in [*labels, default]]
        self._terminate("br_table", [index], targets=targets)

    def _return(self, instruction: wasm.Instruction) -> None:
        count = len(self.function.results)
        self._terminate("return", self.stack[len(self.stack) - count :])

    def _frame(self, label: int) -> _Frame:
        return self.frames[len(self.frames) - 1 - label]

    def _target(self, frame: _Frame) -> Target:
        """An edge to the frame's label with the arguments on the top of the stack, which stay there."""
        return Target(frame.label, self.stack[len(self.stack) - len(frame.label_types) :])

    # Blocks

    def _new_label(self, types: tuple[Type, ...]) -> Block:
        block = self.function.new_block()
        for type_ in types:
            self.function.add_parameter(block, type_)
        return block

    def _seal_and_start(self, block: Block) -> None:
        self.variables.seal(block)
        self._start(block)

    def _start(self, block: Block) -> None:
        self.block = block
        self.started.append(block)

    def _here(self) -> Block:
        assert self.block is not None
        return self.block

    def _add(self, op: str, type_: Type, args: list[Value], immediate: int | tuple[int, int] | None = None) -> Value:
        value = self.function.new_value(op, type_, args, immediate, offset=self.offset)
        self._here().body.append(value)
        return value

    def _terminate(
        self,
        op: str,
        args: list[Value] | None = None,
        immediate: Immediate | None = None,
        targets: list[Target] | None = None,
    ) -> None:
        block = self._here()
        block.terminator = self.function.new_value(op, Type.NONE, args, immediate, targets=targets, offset=self.offset)
        for target in block.targets:
            self.variables.add_edge(block, target)
        self.block = None

    # Stack and types

    def _pop_many(self, count: int) -> list[Value]:
        """The top values, the topmost last."""
        split = len(self.stack) - count
        values = self.stack[split:]
        del self.stack[split:]
        return values

    def _block_types(self, instruction: wasm.Instruction) -> tuple[tuple[Type, ...], tuple[Type, ...]]:
        type_ = self.module.block_type(instruction.immediates[0])
        return self._types(type_.parameters), self._types(type_.results)

    def _types(self, types: tuple[ValueType, ...]) -> tuple[Type, ...]:
        """The types of the values that hold what the module declares."""
        return tuple(type_.carrier for type_ in self._declared(types))

    def _declared(self, types: tuple[ValueType, ...]) -> tuple[Type, ...]:
        return tuple(TYPES[type_] for type_ in types)
