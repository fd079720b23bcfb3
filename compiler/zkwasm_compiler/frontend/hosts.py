"""The functions of host modules that a module may import: names, types, and the indexes that calls of them get.

A call of one becomes a call of the function with its index, which `runtime.hosts` adds. docs/host-functions.md says
what they do.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from zkwasm_compiler.frontend.unsupported import TYPES, unsupported
from zkwasm_compiler.ir.function import FIRST_OF_RUNTIME, Function, Type
from zkwasm_compiler.wasm.module import Import, Module
from zkwasm_compiler.wasm.types import FunctionType

FIRST_INDEX = FIRST_OF_RUNTIME
"""Host functions are numbered from here."""
ZKWASM, WASI, ENV = "zkwasm", "wasi_snapshot_preview1", "env"
CLOCK, RANDOM = "clock", "random numbers"
FILES, SOCKETS, SIGNALS = "files", "sockets", "signals"
REMEDIES = {
    CLOCK: "compile with --clock TIME (`clock` in [tool.zkwasm] and CompileOptions), a time that stands still",
    RANDOM: "compile with --random-seed N (`random-seed` in [tool.zkwasm], `random_seed` in CompileOptions), numbers "
    "that everybody can know",
}
"""What gives a program that which a provable run does not have by itself."""
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """What host functions tell a program: its arguments, the first being its name, and its environment, `NAME=value`
    each; the time of its clock in nanoseconds since 1970, and the seed of its random numbers, both below 2^64. Without
    these two what asks for the time or for random numbers is refused."""

    arguments: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    clock: int | None = None
    random_seed: int | None = None

    @property
    def missing(self) -> frozenset[str]:
        """What the program could have been compiled with, and was not."""
        given = {CLOCK: self.clock, RANDOM: self.random_seed}
        return frozenset(name for name, value in given.items() if value is None)


@dataclass(frozen=True, slots=True)
class HostFunction:
    """A function of a host module. `memory`: it works on the memory of the module that calls it. `lacks`: what it is
    about and a provable run does not have."""

    module: str
    name: str
    parameters: tuple[Type, ...]
    results: tuple[Type, ...]
    memory: bool
    lacks: str = ""

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def type(self) -> str:
        """Its type as messages spell it."""
        return " -> ".join(f"[{' '.join(t.value for t in types)}]" for types in (self.parameters, self.results))

    @property
    def note(self) -> str:
        """Why it can do nothing, with its name: for the log, or an error."""
        remedy = f"; {REMEDIES[self.lacks]}" if self.lacks in REMEDIES else ""
        return f"{self}: a provable run has no {self.lacks}{remedy}"


def _function(
    module: str, name: str, parameters: str = "", results: str = "", memory: bool = False, lacks: str = ""
) -> HostFunction:
    types = [tuple(Type(one) for one in text.split()) for text in (parameters, results)]
    return HostFunction(module, name, types[0], types[1], memory, lacks)


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
    _function(WASI, "clock_res_get", "i32 i32", "i32", memory=True, lacks=CLOCK),
    _function(WASI, "clock_time_get", "i32 i64 i32", "i32", memory=True, lacks=CLOCK),
    _function(WASI, "environ_get", "i32 i32", "i32", memory=True),
    _function(WASI, "environ_sizes_get", "i32 i32", "i32", memory=True),
    _function(WASI, "fd_advise", "i32 i64 i64 i32", "i32"),
    _function(WASI, "fd_allocate", "i32 i64 i64", "i32"),
    _function(WASI, "fd_close", "i32", "i32"),
    _function(WASI, "fd_datasync", "i32", "i32"),
    _function(WASI, "fd_fdstat_get", "i32 i32", "i32", memory=True),
    _function(WASI, "fd_fdstat_set_flags", "i32 i32", "i32"),
    _function(WASI, "fd_fdstat_set_rights", "i32 i64 i64", "i32"),
    _function(WASI, "fd_filestat_get", "i32 i32", "i32", memory=True),
    _function(WASI, "fd_filestat_set_size", "i32 i64", "i32"),
    _function(WASI, "fd_filestat_set_times", "i32 i64 i64 i32", "i32"),
    _function(WASI, "fd_pread", "i32 i32 i32 i64 i32", "i32"),
    _function(WASI, "fd_prestat_get", "i32 i32", "i32"),
    _function(WASI, "fd_prestat_dir_name", "i32 i32 i32", "i32"),
    _function(WASI, "fd_pwrite", "i32 i32 i32 i64 i32", "i32"),
    _function(WASI, "fd_read", "i32 i32 i32 i32", "i32", memory=True),
    _function(WASI, "fd_readdir", "i32 i32 i32 i64 i32", "i32"),
    _function(WASI, "fd_renumber", "i32 i32", "i32"),
    _function(WASI, "fd_seek", "i32 i64 i32 i32", "i32"),
    _function(WASI, "fd_sync", "i32", "i32"),
    _function(WASI, "fd_tell", "i32 i32", "i32"),
    _function(WASI, "fd_write", "i32 i32 i32 i32", "i32", memory=True),
    _function(WASI, "path_create_directory", "i32 i32 i32", "i32", lacks=FILES),
    _function(WASI, "path_filestat_get", "i32 i32 i32 i32 i32", "i32", lacks=FILES),
    _function(WASI, "path_filestat_set_times", "i32 i32 i32 i32 i64 i64 i32", "i32", lacks=FILES),
    _function(WASI, "path_link", "i32 i32 i32 i32 i32 i32 i32", "i32", lacks=FILES),
    _function(WASI, "path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32", "i32", lacks=FILES),
    _function(WASI, "path_readlink", "i32 i32 i32 i32 i32 i32", "i32", lacks=FILES),
    _function(WASI, "path_remove_directory", "i32 i32 i32", "i32", lacks=FILES),
    _function(WASI, "path_rename", "i32 i32 i32 i32 i32 i32", "i32", lacks=FILES),
    _function(WASI, "path_symlink", "i32 i32 i32 i32 i32", "i32", lacks=FILES),
    _function(WASI, "path_unlink_file", "i32 i32 i32", "i32", lacks=FILES),
    _function(WASI, "poll_oneoff", "i32 i32 i32 i32", "i32", memory=True, lacks=CLOCK),
    _function(WASI, "proc_exit", "i32"),
    _function(WASI, "proc_raise", "i32", "i32", lacks=SIGNALS),
    _function(WASI, "random_get", "i32 i32", "i32", memory=True, lacks=RANDOM),
    _function(WASI, "sched_yield", "", "i32"),
    _function(WASI, "sock_accept", "i32 i32 i32", "i32", lacks=SOCKETS),
    _function(WASI, "sock_recv", "i32 i32 i32 i32 i32 i32", "i32", lacks=SOCKETS),
    _function(WASI, "sock_send", "i32 i32 i32 i32 i32", "i32", lacks=SOCKETS),
    _function(WASI, "sock_shutdown", "i32 i32", "i32", lacks=SOCKETS),
    _function(ENV, "abort", "i32 i32 i32 i32"),
    _function(ENV, "Date.now", "", "f64", lacks=CLOCK),
    _function(ENV, "console.assert", "i32 i32"),
    _function(ENV, "console.debug", "i32"),
    _function(ENV, "console.error", "i32"),
    _function(ENV, "console.info", "i32"),
    _function(ENV, "console.log", "i32"),
    _function(ENV, "console.warn", "i32"),
    _function(ENV, "performance.now", "", "f64", lacks=CLOCK),
    _function(ENV, "process.exit", "i32"),
    _function(ENV, "seed", "", "f64", lacks=RANDOM),
    _function(ENV, "trace", "i32 i32 f64 f64 f64 f64 f64"),
)
HOST_FUNCTIONS = {(one.module, one.name): one for one in _FUNCTIONS}
"""By the two names of the import."""
INDEXES = {(one.module, one.name): FIRST_INDEX + number for number, one in enumerate(_FUNCTIONS)}
BY_INDEX = {FIRST_INDEX + number: one for number, one in enumerate(_FUNCTIONS)}


def is_host(imported: Import) -> bool:
    """Whether an import names a host module, whether or not that has such a function; or a host function of `env`,
    which is where toolchains look for what nobody defines."""
    return imported.module in (ZKWASM, WASI) or (imported.module, imported.name) in HOST_FUNCTIONS


def host_index(
    module: Module, imported: Import, signature: FunctionType, where: str, offset: int, refused: Collection[str]
) -> int:
    """The index that calls of an imported host function get; `refused` is what a function may not lack here.

    *Raises:* UnsupportedError.
    """
    function = HOST_FUNCTIONS.get((imported.module, imported.name))
    if function is None:
        known = ", ".join(name for module, name in HOST_FUNCTIONS if module == imported.module)
        what = f"{where}: call of import {imported.module}.{imported.name}: there is no such function"
        raise unsupported(f"{what}; those of {imported.module} are: {known}", offset)
    types = tuple(tuple(TYPES[t] for t in found) for found in (signature.parameters, signature.results))
    if types != (function.parameters, function.results):
        raise unsupported(f"{where}: import {function} has type {signature}; supported: {function.type}", offset)
    if function.memory and not module.memory_types:
        raise unsupported(f"{where}: import {function} works on the memory, but the module has none", offset)
    if function.memory and module.region is not None:
        what = "works on the memory, and the linked modules have several: let them import one"
        raise unsupported(f"{where}: import {function} {what}", offset)
    if function.lacks in refused:
        raise unsupported(f"{where}: call of import {function.note}", offset)
    return INDEXES[imported.module, imported.name]


def forwarding(module: Module, index: int, imported: Import, refused: Collection[str]) -> Function:
    """A function that does nothing but call the host function that function `index` of the module imports: what a
    reference to it, or an export of it, means. *Raises:* UnsupportedError."""
    signature = module.function_type(index)
    where = module.describe_function(index)
    callee = host_index(module, imported, signature, where, imported.offset, refused)
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
