"""Check the types of one function body or constant expression.

The algorithm of the specification's appendix "Validation Algorithm": a stack of operand types, in which None stands for
the unknown type below an unconditional branch, and a stack of the blocks around. Instructions of fixed type are checked
from their rows in `opcodes`; the others have one rule each in `_RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zkwasm_compiler.errors import Problem, ValidationError
from zkwasm_compiler.wasm.module import BlockType, Expression, Function, Instruction, Module
from zkwasm_compiler.wasm.opcodes import OPCODES, Immediates
from zkwasm_compiler.wasm.types import FunctionType, ValueType, spell_types

I32 = ValueType.I32

CONSTANT_INSTRUCTIONS = frozenset(
    {"i32.const", "i64.const", "f32.const", "f64.const", "ref.null", "ref.func", "global.get", "end"}
    | {f"{type_}.{op}" for type_ in ("i32", "i64") for op in ("add", "sub", "mul")}
)
"""Those of 2.0, and the arithmetic of extended constant expressions."""


@dataclass(slots=True)
class _Block:
    """A block around the current instruction. `height` is the operand stack's at its start."""

    opener: str
    type: FunctionType
    height: int
    unreachable: bool = False

    @property
    def label_types(self) -> tuple[ValueType, ...]:
        """What a branch to the block takes."""
        return self.type.parameters if self.opener == "loop" else self.type.results


def check_function(module: Module, function: Function, referable: frozenset[int]) -> None:
    """Check the body of `function`; `referable` holds the functions that `ref.func` may name in code.

    *Raises:* ValidationError for the first fault.
    """
    type_ = module.function_type(function.index)
    checker = _Checker(module, module.describe_function(function.index), referable)
    checker.locals = type_.parameters + function.local_types
    checker.check(function.body, type_.results)


def check_constant(module: Module, expression: Expression, type_: ValueType, where: str) -> None:
    """Check that `expression` is constant and gives `type_`; `where` names its place for messages.

    *Raises:* ValidationError for the first fault.
    """
    checker = _Checker(module, where, frozenset(range(len(module.function_type_indexes))))
    for instruction in expression:
        checker.instruction = instruction
        name = instruction.name
        if name not in CONSTANT_INSTRUCTIONS:
            raise checker.error(
                f"{name} is not allowed in a constant expression; allowed are constants, global.get, add, sub and mul"
            )
        if name == "global.get":
            checker.check_constant_global(instruction.immediates[0])
    checker.check(expression, (type_,))


class _Checker:
    """The state of checking one expression."""

    __slots__ = ("block", "blocks", "instruction", "locals", "module", "referable", "stack", "where")

    def __init__(self, module: Module, where: str, referable: frozenset[int]) -> None:
        self.module = module
        self.where = where
        self.referable = referable
        self.locals: tuple[ValueType, ...] = ()
        self.stack: list[ValueType | None] = []
        self.blocks: list[_Block] = []
        self.block = _Block("function", FunctionType(), 0)
        self.instruction = Instruction("end", (), 0)

    def check(self, body: Expression, results: tuple[ValueType, ...]) -> None:
        """Check a whole expression that gives `results`."""
        self.blocks.append(_Block("function", FunctionType((), results), 0))
        self.block = self.blocks[0]
        stack = self.stack
        for instruction in body:
            self.instruction = instruction
            name, immediates, _ = instruction
            fixed = _FIXED.get(name)
            if fixed is None:
                _RULES[name](self, *immediates)
                continue
            check_indexes, operands, pushed = fixed
            if check_indexes is not None:
                check_indexes(self, *immediates)
            for operand in operands:
                if len(stack) > self.block.height and stack[-1] is operand:
                    stack.pop()
                else:
                    self.pop(operand)
            stack.extend(pushed)

    def error(self, message: str) -> ValidationError:
        """The error to raise for the current instruction."""
        return ValidationError(Problem(f"{self.where}: {message}", byte_offset=self.instruction.offset))

    # The operand stack

    def pop(self, expected: ValueType | None = None) -> ValueType | None:
        """Take one operand, of any type when `expected` is None. Gives None for an unknown type."""
        if len(self.stack) == self.block.height:
            if self.block.unreachable:
                return None
            wanted = f"takes {expected}" if expected else "takes an operand"
            raise self.error(f"{self.instruction.name} {wanted}, but the stack of the {self.block.opener} is empty")
        actual = self.stack.pop()
        if actual is not expected and actual is not None and expected is not None:
            raise self.error(f"{self.instruction.name} takes {expected}, but {actual} is on the stack")
        return actual

    def pop_all(self, types: Sequence[ValueType]) -> None:
        """Take operands of `types`, the last of which is on top."""
        for type_ in reversed(types):
            self.pop(type_)

    def make_unreachable(self) -> None:
        """The rest of the block cannot be reached: its operands are unknown."""
        del self.stack[self.block.height :]
        self.block.unreachable = True

    # Blocks

    def open_block(self, block_type: BlockType) -> None:
        if isinstance(block_type, int):
            self.require_index(block_type, len(self.module.types), "type")
        type_ = self.module.block_type(block_type)
        self.pop_all(type_.parameters)
        self.block = _Block(self.instruction.name, type_, len(self.stack))
        self.blocks.append(self.block)
        self.stack.extend(type_.parameters)

    def close_block(self) -> _Block:
        closed = self.block
        self.pop_all(closed.type.results)
        if len(self.stack) != closed.height:
            left = tuple(type_ for type_ in self.stack[closed.height :] if type_ is not None)
            gives = spell_types(closed.type.results)
            raise self.error(
                f"{spell_types(left)} is left on the stack at the end of the {closed.opener}, which gives {gives}"
            )
        self.blocks.pop()
        return closed

    def block_of(self, label: int) -> _Block:
        self.require_index(label, len(self.blocks), "label", "blocks around")
        return self.blocks[-1 - label]

    # Indexes

    def require_index(self, index: int, count: int, what: str, whole: str = "") -> None:
        """Refuse an index outside an index space of `count` items."""
        if index >= count:
            whole = whole or f"{what} index space"
            raise self.error(f"{self.instruction.name}: unknown {what} {index}; the {whole} holds {count}")

    def require_memory(self) -> None:
        if not self.module.memory_types:
            raise self.error(f"{self.instruction.name}: unknown memory 0; the module has no memory")

    def check_access(self, alignment: int, _offset: int) -> None:
        self.require_memory()
        natural = OPCODES[self.instruction.name].natural_alignment
        if alignment > natural:
            name = self.instruction.name
            raise self.error(
                f"alignment 2**{alignment} of {name} is larger than the access; at most 2**{natural} is allowed"
            )

    def check_memory_init(self, data: int) -> None:
        self.require_memory()
        self.check_data(data)

    def check_data(self, index: int) -> None:
        self.require_index(index, len(self.module.data), "data segment")

    def check_element(self, index: int) -> None:
        self.require_index(index, len(self.module.elements), "element segment")

    def table_element(self, index: int) -> ValueType:
        self.require_index(index, len(self.module.table_types), "table")
        return self.module.table_types[index].element

    def check_table(self, index: int) -> None:
        self.table_element(index)

    def check_table_init(self, element: int, table: int) -> None:
        table_element = self.table_element(table)
        self.check_element(element)
        segment = self.module.elements[element].type
        if segment is not table_element:
            raise self.error(f"table.init copies {segment} of segment {element} to table {table} of {table_element}")

    def check_table_copy(self, destination: int, source: int) -> None:
        to, from_ = self.table_element(destination), self.table_element(source)
        if to is not from_:
            raise self.error(f"table.copy copies {from_} of table {source} to table {destination} of {to}")

    def check_function_reference(self, index: int) -> None:
        self.require_index(index, len(self.module.function_type_indexes), "function")
        if index not in self.referable:
            described = self.module.describe_function(index)
            raise self.error(
                f"undeclared function reference: ref.func names {described}; export it or list it in an element segment"
            )

    def check_constant_global(self, index: int) -> None:
        """Constant expressions see imported globals only, and only those that never change."""
        imported = len(self.module.imported_globals)
        self.require_index(index, imported, "global", "imported globals that a constant expression may read")
        if self.module.global_types[index].mutable:
            raise self.error(f"global.get {index} of a mutable global is not allowed in a constant expression")


def _check_unreachable(checker: _Checker) -> None:
    checker.make_unreachable()


def _check_block(checker: _Checker, block_type: BlockType) -> None:
    checker.open_block(block_type)


def _check_if(checker: _Checker, block_type: BlockType) -> None:
    checker.pop(I32)
    checker.open_block(block_type)


def _check_else(checker: _Checker) -> None:
    closed = checker.close_block()
    checker.block = _Block("else", closed.type, len(checker.stack))
    checker.blocks.append(checker.block)
    checker.stack.extend(closed.type.parameters)


def _check_end(checker: _Checker) -> None:
    closed = checker.close_block()
    if closed.opener == "if" and closed.type.parameters != closed.type.results:
        raise checker.error(f"an if of type {closed.type} has no else, so it would have to give what it takes")
    if checker.blocks:
        checker.block = checker.blocks[-1]
    checker.stack.extend(closed.type.results)


def _check_br(checker: _Checker, label: int) -> None:
    checker.pop_all(checker.block_of(label).label_types)
    checker.make_unreachable()


def _check_br_if(checker: _Checker, label: int) -> None:
    checker.pop(I32)
    types = checker.block_of(label).label_types
    checker.pop_all(types)
    checker.stack.extend(types)


def _check_br_table(checker: _Checker, labels: tuple[int, ...], default: int) -> None:
    checker.pop(I32)
    default_types = checker.block_of(default).label_types
    for label in sorted({*labels, default}):
        types = checker.block_of(label).label_types
        if len(types) != len(default_types):
            default_takes = spell_types(default_types)
            raise checker.error(
                f"br_table: label {label} takes {spell_types(types)}, the default label {default_takes}"
            )
        # Unknown operands stay unknown for the next label: put back what was taken, not what was expected.
        taken = [checker.pop(type_) for type_ in reversed(types)]
        checker.stack.extend(reversed(taken))
    checker.make_unreachable()


def _check_return(checker: _Checker) -> None:
    checker.pop_all(checker.blocks[0].type.results)
    checker.make_unreachable()


def _apply(checker: _Checker, type_: FunctionType) -> None:
    checker.pop_all(type_.parameters)
    checker.stack.extend(type_.results)


def _called(checker: _Checker, function: int) -> FunctionType:
    checker.require_index(function, len(checker.module.function_type_indexes), "function")
    return checker.module.function_type(function)


def _called_indirect(checker: _Checker, op: str, type_index: int, table: int) -> FunctionType:
    """The type of the call; the index into the table is taken."""
    element = checker.table_element(table)
    if element is not ValueType.FUNCREF:
        raise checker.error(f"{op} needs a table of funcref, table {table} holds {element}")
    checker.require_index(type_index, len(checker.module.types), "type")
    checker.pop(I32)
    return checker.module.types[type_index]


def _check_call(checker: _Checker, function: int) -> None:
    _apply(checker, _called(checker, function))


def _check_call_indirect(checker: _Checker, type_index: int, table: int) -> None:
    _apply(checker, _called_indirect(checker, "call_indirect", type_index, table))


def _check_return_call(checker: _Checker, function: int) -> None:
    _leave(checker, _called(checker, function))


def _check_return_call_indirect(checker: _Checker, type_index: int, table: int) -> None:
    _leave(checker, _called_indirect(checker, "return_call_indirect", type_index, table))


def _leave(checker: _Checker, type_: FunctionType) -> None:
    """Call a function of a type that gives what this one does."""
    results = checker.blocks[0].type.results
    if type_.results != results:
        message = f"what is called gives {spell_types(type_.results)}, the function has to give {spell_types(results)}"
        raise checker.error(message)
    checker.pop_all(type_.parameters)
    checker.make_unreachable()


def _check_drop(checker: _Checker) -> None:
    checker.pop()


def _check_select(checker: _Checker) -> None:
    checker.pop(I32)
    first, second = checker.pop(), checker.pop()
    for type_ in (first, second):
        if type_ is not None and type_.is_reference:
            raise checker.error(f"select without a type cannot choose between values of type {type_}; give it the type")
    if first is not second and first is not None and second is not None:
        raise checker.error(f"select takes two values of one type, but {second} and {first} are on the stack")
    checker.stack.append(second if first is None else first)


def _check_typed_select(checker: _Checker, types: tuple[ValueType, ...]) -> None:
    if len(types) != 1:
        raise checker.error(f"select has {len(types)} types; exactly one is allowed")
    checker.pop_all((types[0], types[0], I32))
    checker.stack.append(types[0])


def _local(checker: _Checker, index: int) -> ValueType:
    checker.require_index(index, len(checker.locals), "local", "function's list of parameters and locals")
    return checker.locals[index]


def _check_local_get(checker: _Checker, index: int) -> None:
    checker.stack.append(_local(checker, index))


def _check_local_set(checker: _Checker, index: int) -> None:
    checker.pop(_local(checker, index))


def _check_local_tee(checker: _Checker, index: int) -> None:
    type_ = _local(checker, index)
    checker.pop(type_)
    checker.stack.append(type_)


def _check_global_get(checker: _Checker, index: int) -> None:
    checker.require_index(index, len(checker.module.global_types), "global")
    checker.stack.append(checker.module.global_types[index].value)


def _check_global_set(checker: _Checker, index: int) -> None:
    checker.require_index(index, len(checker.module.global_types), "global")
    type_ = checker.module.global_types[index]
    if not type_.mutable:
        raise checker.error(f"global.set of global {index}, which is immutable")
    checker.pop(type_.value)


def _check_table_get(checker: _Checker, table: int) -> None:
    element = checker.table_element(table)
    checker.pop(I32)
    checker.stack.append(element)


def _check_table_set(checker: _Checker, table: int) -> None:
    checker.pop_all((I32, checker.table_element(table)))


def _check_table_grow(checker: _Checker, table: int) -> None:
    checker.pop_all((checker.table_element(table), I32))
    checker.stack.append(I32)


def _check_table_fill(checker: _Checker, table: int) -> None:
    checker.pop_all((I32, checker.table_element(table), I32))


def _check_ref_null(checker: _Checker, type_: ValueType) -> None:
    checker.stack.append(type_)


def _check_ref_is_null(checker: _Checker) -> None:
    type_ = checker.pop()
    if type_ is not None and not type_.is_reference:
        raise checker.error(f"ref.is_null takes a reference, but {type_} is on the stack")
    checker.stack.append(I32)


_RULES: dict[str, Callable[..., None]] = {
    "unreachable": _check_unreachable,
    "block": _check_block,
    "loop": _check_block,
    "if": _check_if,
    "else": _check_else,
    "end": _check_end,
    "br": _check_br,
    "br_if": _check_br_if,
    "br_table": _check_br_table,
    "return": _check_return,
    "call": _check_call,
    "call_indirect": _check_call_indirect,
    "return_call": _check_return_call,
    "return_call_indirect": _check_return_call_indirect,
    "drop": _check_drop,
    "select": _check_select,
    "select t": _check_typed_select,
    "local.get": _check_local_get,
    "local.set": _check_local_set,
    "local.tee": _check_local_tee,
    "global.get": _check_global_get,
    "global.set": _check_global_set,
    "table.get": _check_table_get,
    "table.set": _check_table_set,
    "table.grow": _check_table_grow,
    "table.fill": _check_table_fill,
    "ref.null": _check_ref_null,
    "ref.is_null": _check_ref_is_null,
}

# For instructions of fixed type: what their immediates have to name
_INDEX_CHECKS: dict[Immediates, Callable[..., None] | None] = {
    Immediates.NONE: None,
    Immediates.I32: None,
    Immediates.I64: None,
    Immediates.F32: None,
    Immediates.F64: None,
    Immediates.MEMORY_ACCESS: _Checker.check_access,
    Immediates.MEMORY: _Checker.require_memory,
    Immediates.MEMORY_COPY: _Checker.require_memory,
    Immediates.MEMORY_INIT: _Checker.check_memory_init,
    Immediates.DATA: _Checker.check_data,
    Immediates.TABLE: _Checker.check_table,
    Immediates.TABLE_INIT: _Checker.check_table_init,
    Immediates.TABLE_COPY: _Checker.check_table_copy,
    Immediates.ELEMENT: _Checker.check_element,
    Immediates.FUNCTION: _Checker.check_function_reference,
}


def _fixed_types() -> dict[str, tuple[Callable[..., None] | None, tuple[ValueType, ...], tuple[ValueType, ...]]]:
    """By name: the check of the immediates, the operands with the top of the stack first, the results."""
    fixed: dict[str, tuple[Callable[..., None] | None, tuple[ValueType, ...], tuple[ValueType, ...]]] = {}
    for row in OPCODES.values():
        if row.operands is not None and row.results is not None:
            fixed[row.name] = (_INDEX_CHECKS[row.immediates], row.operands[::-1], row.results)
        elif row.name not in _RULES:
            raise ValueError(f"no typing rule for {row.name}")
    return fixed


_FIXED = _fixed_types()
