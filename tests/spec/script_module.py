"""A module of a script, compiled as far as it is supported and instantiated: `instantiate`.

The whole module is compiled if that works, otherwise the largest set of its exports whose reachable code is supported,
in one program, so that they share the state that they share in the module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.spec.mirror import Call, follow
from zkwasm_compiler import wasm
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_compiler.errors import InputError, UnsupportedError
from zkwasm_compiler.frontend.instantiation import HOST_MEMORIES
from zkwasm_compiler.frontend.translate import exported_functions, translate
from zkwasm_compiler.lowering.program import check_limits
from zkwasm_compiler.wasm.module import ExternalKind
from zkwasm_simulator import Instance
from zkwasm_simulator.values import to_bits

STEP_LIMIT = 20_000_000


WRITES = {
    *("global.set", "memory.grow", "memory.fill", "memory.copy", "memory.init", "data.drop", "elem.drop"),
    *("table.set", "table.grow", "table.fill", "table.copy", "table.init"),
}
"""What changes the state of an instance, besides stores."""


class RefusedError(Exception):
    """Something needs a feature that is not supported; the message is its name."""


@dataclass(slots=True)
class ScriptModule:
    """What a script can act on. `refusals` has the feature that each missing export needs; `refusal` is set when the
    module could not be compiled at all, or when a call that was not run may have changed its state. `writers` are
    the exports that may change state; `source` is the module, and `calls` are those that the script made.
    """

    instance: Instance | None
    refusals: dict[str, str] = field(default_factory=dict)
    refusal: str = ""
    writers: frozenset[str] = frozenset()
    source: bytes = b""
    calls: list[Call] = field(default_factory=list)

    def invoke(self, name: str, bits: tuple[int, ...]) -> tuple[int, ...] | str:
        """The results of a call, or the specification's words for its trap. *Raises:* RefusedError."""
        self.calls.append((name, bits))
        if name in self.refusals:
            raise RefusedError(self.refusals[name])
        result = self._instance().call_raw(name, bits)
        return result.raw if result.trap is None else result.trap.message

    def global_value(self, name: str) -> int:
        """The pattern that an exported global holds. *Raises:* RefusedError."""
        instance = self._instance()
        type_ = next((cell.type for cell in instance.interface.globals if cell.export == name), None)
        if type_ is None:
            raise RefusedError("exported constants")
        return to_bits(type_, instance.globals[name], name)

    def spoil(self, refusal: str) -> None:
        """A call that was not run may have changed the state."""
        if self.writers:
            self.refusal = refusal

    def follow(self, name: str) -> bool:
        """Find out what the calls, the last of which was not run, made of the state; whether that is known now."""
        if self.instance is None or self.refusal or not self.calls or self.calls[-1][0] != name:
            return False
        return follow(self.source, wasm.load(self.source), self.calls, self.instance)

    def _instance(self) -> Instance:
        if self.refusal or self.instance is None:
            raise RefusedError(self.refusal)
        return self.instance


def instantiate(data: bytes, optimization_level: int, memory_layout: str) -> ScriptModule:
    """Compile and instantiate a module. *Raises:* RefusedError if none of it is supported; InstantiationError."""
    module = wasm.load(data)
    for imported in module.imports:
        elsewhere = imported.kind is ExternalKind.MEMORY and (imported.module, imported.name) not in HOST_MEMORIES
        if elsewhere or imported.kind is ExternalKind.TABLE:
            raise RefusedError("imports")  # that of another module, not a new one
    refusals: dict[str, str] = {}
    try:
        check_limits(translate(module))
    except InputError:
        refusals = _refusals(module)
    exports = tuple(name for name in exported_functions(module) if name not in refusals)
    try:
        program = compile_module(data, CompileOptions(exports, optimization_level, memory_layout=memory_layout))
    except UnsupportedError as error:
        raise RefusedError(feature(error)) from error
    instance = Instance(program, step_limit=STEP_LIMIT)
    return ScriptModule(instance, refusals, writers=writing_exports(module), source=data)


def _refusals(module: wasm.Module) -> dict[str, str]:
    """Why each export that cannot be compiled cannot."""
    result = {}
    for name in exported_functions(module):
        try:
            check_limits(translate(module, exports=(name,)))
        except UnsupportedError as error:
            result[name] = feature(error)
        except InputError:
            result[name] = "public interface"
    return result


def writing_exports(module: wasm.Module) -> frozenset[str]:
    """The exports whose calls may change state, of this module or of another one that it imports from, and the
    memories and tables, which other modules may change."""
    functions = {name for name, index in exported_functions(module).items() if _may_write(module, index)}
    shared = (ExternalKind.MEMORY, ExternalKind.TABLE)
    return frozenset(functions | {export.name for export in module.exports if export.kind in shared})


def _may_write(module: wasm.Module, root: int) -> bool:
    seen: set[int] = set()
    work = [root]
    while work:
        index = work.pop()
        function = module.defined_function(index)
        if function is None:
            return True
        if index in seen:
            continue
        seen.add(index)
        for instruction in function.body:
            if instruction.name in WRITES or ".store" in instruction.name:
                return True
            if instruction.name == "call":
                work.append(instruction.immediates[0])
            if instruction.name == "call_indirect":
                if any(import_.kind is ExternalKind.TABLE for import_ in module.imports):
                    return True
                work += _table_entries(module)
    return False


def _table_entries(module: wasm.Module) -> list[int]:
    """The functions that the module itself puts into tables."""
    entries = [entry[0] for element in module.elements for entry in element.entries]
    return [entry.immediates[0] for entry in entries if entry.name == "ref.func"]


FEATURES = {
    r"\bimport": "imports",
    r"\bmemory is\b|data segment|memory": "memory",
    r"only constants": "initialisers",
}


def feature(error: UnsupportedError) -> str:
    """The features that a refusal names, sorted."""
    found = set()
    for problem in error.problems:
        names = [name for pattern, name in FEATURES.items() if re.search(pattern, problem.message)]
        found.add(names[0] if names else problem.message)
    return ", ".join(sorted(found))
