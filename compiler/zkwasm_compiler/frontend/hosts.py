"""The functions of host modules that a module may import: names, types, and the indexes that calls of them get.

A call of one becomes a call of the function with its index, which `runtime.hosts` adds. docs/host-functions.md says
what they do.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.errors import UnsupportedError
from zkwasm_compiler.frontend.unsupported import TYPES, unsupported
from zkwasm_compiler.ir.function import Function, Type
from zkwasm_compiler.wasm.module import Import, Module
from zkwasm_compiler.wasm.types import FunctionType

FIRST_INDEX = 1 << 22
"""Host functions are numbered from here, above every function of a module."""
ZKWASM, WASI, ENV = "zkwasm", "wasi_snapshot_preview1", "env"


@dataclass(frozen=True, slots=True)
class HostFunction:
    """A function of a host module. `memory`: it works on the memory of the module that calls it."""

    module: str
    name: str
    parameters: tuple[Type, ...]
    results: tuple[Type, ...]
    memory: bool

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def type(self) -> str:
        """Its type as messages spell it."""
        return " -> ".join(f"[{' '.join(t.value for t in types)}]" for types in (self.parameters, self.results))


def _function(module: str, name: str, parameters: str = "", results: str = "", memory: bool = False) -> HostFunction:
    types = [tuple(Type(one) for one in text.split()) for text in (parameters, results)]
    return HostFunction(module, name, types[0], types[1], memory)


_FUNCTIONS = (
    _function(ZKWASM, "read_private", "i32 i32", "i32", memory=True),
    _function(ZKWASM, "read_private_i32", "", "i32"),
    _function(ZKWASM, "read_private_i64", "", "i64"),
    _function(ZKWASM, "read_public", "i32 i32", "i32", memory=True),
    _function(ZKWASM, "read_public_i32", "", "i32"),
    _function(ZKWASM, "read_public_i64", "", "i64"),
    _function(ZKWASM, "write_public", "i32 i32", memory=True),
    _function(ZKWASM, "write_public_i32", "i32"),
    _function(ZKWASM, "write_public_i64", "i64"),
    _function(ZKWASM, "keccak256", "i32 i32 i32", memory=True),
    _function(ZKWASM, "assert", "i32 i32 i32", memory=True),
    _function(ZKWASM, "assert_true", "i32"),
    _function(ZKWASM, "log", "i32 i32", memory=True),
    _function(WASI, "args_get", "i32 i32", "i32", memory=True),
    _function(WASI, "args_sizes_get", "i32 i32", "i32", memory=True),
    _function(WASI, "environ_get", "i32 i32", "i32", memory=True),
    _function(WASI, "environ_sizes_get", "i32 i32", "i32", memory=True),
    _function(WASI, "fd_close", "i32", "i32"),
    _function(WASI, "fd_fdstat_get", "i32 i32", "i32", memory=True),
    _function(WASI, "fd_fdstat_set_flags", "i32 i32", "i32"),
    _function(WASI, "fd_prestat_get", "i32 i32", "i32"),
    _function(WASI, "fd_prestat_dir_name", "i32 i32 i32", "i32"),
    _function(WASI, "fd_read", "i32 i32 i32 i32", "i32", memory=True),
    _function(WASI, "fd_seek", "i32 i64 i32 i32", "i32"),
    _function(WASI, "fd_tell", "i32 i32", "i32"),
    _function(WASI, "fd_write", "i32 i32 i32 i32", "i32", memory=True),
    _function(WASI, "proc_exit", "i32"),
    _function(WASI, "sched_yield", "", "i32"),
    _function(ENV, "abort", "i32 i32 i32 i32"),
)
HOST_FUNCTIONS = {(one.module, one.name): one for one in _FUNCTIONS}
"""By the two names of the import."""
INDEXES = {(one.module, one.name): FIRST_INDEX + number for number, one in enumerate(_FUNCTIONS)}
BY_INDEX = {FIRST_INDEX + number: one for number, one in enumerate(_FUNCTIONS)}


def is_host(imported: Import) -> bool:
    """Whether an import names a host module, whether or not that has such a function; or a host function of `env`,
    which is where toolchains look for what nobody defines."""
    return imported.module in (ZKWASM, WASI) or (imported.module, imported.name) in HOST_FUNCTIONS


def host_index(module: Module, imported: Import, signature: FunctionType, where: str, offset: int) -> int:
    """The index that calls of an imported host function get. *Raises:* UnsupportedError."""
    name = f"{imported.module}.{imported.name}"
    function = HOST_FUNCTIONS.get((imported.module, imported.name))
    if function is None:
        raise _refused(imported, f"{where}: call of import {name}", offset)
    types = tuple(tuple(TYPES[t] for t in found) for found in (signature.parameters, signature.results))
    if types != (function.parameters, function.results):
        raise unsupported(f"{where}: import {name} has type {signature}; supported: {function.type}", offset)
    if function.memory and not module.memory_types:
        raise unsupported(f"{where}: import {name} works on the memory, but the module has none", offset)
    if function.memory and module.region is not None:
        what = "works on the memory, and the linked modules have several: let them import one"
        raise unsupported(f"{where}: import {name} {what}", offset)
    return INDEXES[imported.module, imported.name]


def _refused(imported: Import, what: str, offset: int) -> UnsupportedError:
    if imported.module == WASI:
        return unsupported(
            f"{what}: not supported: a provable run has no clock, no random numbers, no files but standard input, "
            "output and error, and no sockets; take what it needs from standard input, or leave the call out",
            offset,
        )
    known = ", ".join(name for module, name in HOST_FUNCTIONS if module == imported.module)
    return unsupported(f"{what}: there is no such function; those of {imported.module} are: {known}", offset)


def forwarding(module: Module, index: int, imported: Import) -> Function:
    """A function that does nothing but call the host function that function `index` of the module imports: what a
    reference to it, or an export of it, means. *Raises:* UnsupportedError."""
    signature = module.function_type(index)
    where = module.describe_function(index)
    callee = host_index(module, imported, signature, where, imported.offset)
    types = [tuple(TYPES[t] for t in found) for found in (signature.parameters, signature.results)]
    function = Function(f"{imported.module}.{imported.name}", index, types[0], types[1])
    entry = function.new_block()
    args = [function.add_parameter(entry, type_) for type_ in types[0]]
    call = function.new_value("call", Type.TUPLE, args, callee, offset=imported.offset)
    entry.body.append(call)
    for number, type_ in enumerate(types[1]):
        entry.body.append(function.new_value("result", type_, [call], number, offset=imported.offset))
    entry.terminator = function.new_value("return", Type.NONE, entry.body[1:], offset=imported.offset)
    return function
