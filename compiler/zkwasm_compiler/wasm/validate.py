"""Check that a decoded module is valid: `validate(module)`.

Everything around the code is checked here, expressions in `validate_code`.
*Source:* WebAssembly Core Specification 2.0, section 3.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ParamSpec

from zkwasm_compiler.errors import Problem, ValidationError
from zkwasm_compiler.wasm.module import Export, ExternalKind, Import, Module, SegmentMode
from zkwasm_compiler.wasm.types import FunctionType, Limits, MemoryType, TableType, ValueType
from zkwasm_compiler.wasm.validate_code import check_constant, check_function

P = ParamSpec("P")

MAX_PAGES = 65536
MAX_PROBLEMS = 20


def validate(module: Module) -> None:
    """Return if `module` is valid.

    *Raises:* ValidationError with the faults of the module's structure; if there are none, with the first fault of each
    expression and function body, up to `MAX_PROBLEMS`.
    """
    _raise_any(_structure_problems(module))
    _raise_any(_expression_problems(module))


def _raise_any(problems: Iterator[Problem]) -> None:
    found = [problem for problem, _ in zip(problems, range(MAX_PROBLEMS), strict=False)]
    if found:
        raise ValidationError(*found)


def _structure_problems(module: Module) -> Iterator[Problem]:
    """Faults of everything but expressions."""
    for imported in module.imports:
        yield from _import_problems(module, imported)
    for function in module.functions:
        if function.type_index >= len(module.types):
            message = (
                f"function {function.index}: unknown type {function.type_index}; {_holds(len(module.types), 'type')}"
            )
            yield Problem(message, byte_offset=function.offset)
    for table in module.tables:
        yield from _limit_problems(table.type.limits, "table", table.offset)
    for memory in module.memories:
        yield from _memory_problems(memory.type, memory.offset)
    if len(module.memory_types) > 1:
        message = f"multiple memories: the module has {len(module.memory_types)}; at most one is allowed"
        yield Problem(message, byte_offset=module.memories[-1].offset if module.memories else module.imports[-1].offset)
    yield from _export_problems(module)
    yield from _start_problems(module)
    yield from _segment_problems(module)


def _holds(count: int, what: str) -> str:
    return f"the {what} index space holds {count}"


def _import_problems(module: Module, imported: Import) -> Iterator[Problem]:
    if isinstance(imported.type, int):
        if imported.type >= len(module.types):
            name = f"{imported.module}.{imported.name}"
            message = f"import {name}: unknown type {imported.type}; {_holds(len(module.types), 'type')}"
            yield Problem(message, byte_offset=imported.offset)
    elif isinstance(imported.type, TableType):
        yield from _limit_problems(imported.type.limits, "table", imported.offset)
    elif isinstance(imported.type, MemoryType):
        yield from _memory_problems(imported.type, imported.offset)


def _limit_problems(limits: Limits, what: str, offset: int) -> Iterator[Problem]:
    if limits.maximum is not None and limits.minimum > limits.maximum:
        message = f"the minimum {limits.minimum} of a {what} is greater than its maximum {limits.maximum}"
        yield Problem(message, byte_offset=offset)


def _memory_problems(memory: MemoryType, offset: int) -> Iterator[Problem]:
    yield from _limit_problems(memory.limits, "memory", offset)
    for word, pages in (("minimum", memory.limits.minimum), ("maximum", memory.limits.maximum)):
        if pages is not None and pages > MAX_PAGES:
            yield Problem(
                f"the {word} of a memory is {pages} pages; at most {MAX_PAGES} are allowed", byte_offset=offset
            )


def _export_problems(module: Module) -> Iterator[Problem]:
    sizes = {
        ExternalKind.FUNCTION: len(module.function_type_indexes),
        ExternalKind.TABLE: len(module.table_types),
        ExternalKind.MEMORY: len(module.memory_types),
        ExternalKind.GLOBAL: len(module.global_types),
    }
    names: dict[str, Export] = {}
    for export in module.exports:
        what = export.kind.name.lower()
        if export.index >= sizes[export.kind]:
            message = f"export {export.name!r}: unknown {what} {export.index}; {_holds(sizes[export.kind], what)}"
            yield Problem(message, byte_offset=export.offset)
        if export.name in names:
            message = f"duplicate export name {export.name!r}; each name may be exported once"
            yield Problem(message, byte_offset=export.offset)
        names[export.name] = export


def _start_problems(module: Module) -> Iterator[Problem]:
    if module.start is None:
        return
    indexes = module.function_type_indexes
    if module.start >= len(indexes):
        message = f"start: unknown function {module.start}; {_holds(len(indexes), 'function')}"
        yield Problem(message, byte_offset=module.start_offset)
    elif indexes[module.start] < len(module.types) and (type_ := module.function_type(module.start)) != FunctionType():
        message = (
            f"the start function, {module.describe_function(module.start)}, has type {type_}; it has to be [] -> []"
        )
        yield Problem(message, byte_offset=module.start_offset)


def _segment_problems(module: Module) -> Iterator[Problem]:
    for index, element in enumerate(module.elements):
        if element.mode is not SegmentMode.ACTIVE:
            continue
        if element.table >= len(module.table_types):
            tables = _holds(len(module.table_types), "table")
            message = f"element segment {index}: unknown table {element.table}; {tables}"
            yield Problem(message, byte_offset=element.offset)
        elif (holds := module.table_types[element.table].element) is not element.type:
            message = f"element segment {index} of {element.type} is for table {element.table}, which holds {holds}"
            yield Problem(message, byte_offset=element.offset)
    for index, data in enumerate(module.data):
        if data.mode is SegmentMode.ACTIVE and data.memory >= len(module.memory_types):
            memories = _holds(len(module.memory_types), "memory")
            yield Problem(f"data segment {index}: unknown memory {data.memory}; {memories}", byte_offset=data.offset)


def _expression_problems(module: Module) -> Iterator[Problem]:
    """The first fault of each expression, in the order of the index spaces."""
    for index, global_ in enumerate(module.globals, len(module.imported_globals)):
        yield from _attempt(check_constant, module, global_.initial, global_.type.value, f"global {index}")
    for index, element in enumerate(module.elements):
        if element.mode is SegmentMode.ACTIVE:
            yield from _attempt(check_constant, module, element.position, ValueType.I32, f"element segment {index}")
        for entry in element.entries:
            yield from _attempt(check_constant, module, entry, element.type, f"element segment {index}")
    for index, data in enumerate(module.data):
        if data.mode is SegmentMode.ACTIVE:
            yield from _attempt(check_constant, module, data.position, ValueType.I32, f"data segment {index}")
    referable = _referable_functions(module)
    for function in module.functions:
        yield from _attempt(check_function, module, function, referable)


def _attempt(check: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> Iterator[Problem]:
    try:
        check(*args, **kwargs)
    except ValidationError as error:
        yield from error.problems


def _referable_functions(module: Module) -> frozenset[int]:
    """The functions that occur outside function bodies; only those may `ref.func` name in code."""
    exported = {export.index for export in module.exports if export.kind is ExternalKind.FUNCTION}
    entries = [entry for element in module.elements for entry in element.entries]
    expressions = entries + [global_.initial for global_ in module.globals]
    named = {i.immediates[0] for expression in expressions for i in expression if i.name == "ref.func"}
    return frozenset(exported | named)
