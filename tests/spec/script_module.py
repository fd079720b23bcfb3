"""The modules of a script: compiled as far as they are supported, linked with what they import from, instantiated.

A module that imports nothing is a program of its own, whose instance keeps its state across the actions of the script.
One that imports from others joins those whose state it shares: they become one program, in which instantiations are
functions, and what the script did with them before is done again. So a program always has the modules that exist by
now, in the state that they have by now. What is not supported is left out: the largest set of exports is compiled.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.spec.host import SPECTEST, spectest
from tests.spec.mirror import Call, follow
from zkwasm_compiler import wasm
from zkwasm_compiler.driver import CompileOptions, compile_valid
from zkwasm_compiler.errors import InputError, LinkError, UnsupportedError
from zkwasm_compiler.frontend.translate import exported_functions, translate
from zkwasm_compiler.ir.function import Module as Translated
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.lowering.program import check_limits
from zkwasm_compiler.wasm.imports import Part
from zkwasm_compiler.wasm.link import join
from zkwasm_compiler.wasm.module import ExternalKind, SegmentMode
from zkwasm_simulator import Instance, InstantiationError
from zkwasm_simulator.values import to_bits

STEP_LIMIT = 20_000_000
STAGE = "instantiate "
WRITES = {
    *("global.set", "memory.grow", "memory.fill", "memory.copy", "memory.init", "data.drop", "elem.drop"),
    *("table.set", "table.grow", "table.fill", "table.copy", "table.init"),
}
"""What changes the state of an instance, besides stores."""


class RefusedError(Exception):
    """Something needs a feature that is not supported; the message is its name."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How programs are compiled, and whether they run on both engines."""

    optimization_level: int
    memory_layout: str


@dataclass(eq=False, slots=True)
class Group:
    """Modules that are one program. `joined` is their WebAssembly; `translated` its SSA. `history` are the calls that
    the script made, with their place in it; `refusals` has the feature that each missing export needs, and `refusal` is
    set when nothing could be compiled, or when a call that was not run may have changed the state."""

    settings: Settings
    members: list[ScriptModule]
    joined: wasm.Module
    alone: bool
    translated: Translated | None = None
    instance: Instance | None = None
    refusals: dict[str, str] = field(default_factory=dict)
    refusal: str = ""
    history: list[tuple[int, str, tuple[int, ...]]] = field(default_factory=list)

    def compile(self) -> None:
        """Compile and instantiate. *Raises:* RefusedError if nothing is supported; InstantiationError."""
        try:
            check_limits(translate(self.joined))
        except InputError:
            self.refusals = _refusals(self.joined)
        exports = tuple(name for name in exported_functions(self.joined) if name not in self.refusals)
        options = CompileOptions(exports, self.settings.optimization_level, memory_layout=self.settings.memory_layout)
        try:
            compilation = compile_valid(self.joined, options)
        except UnsupportedError as error:
            raise RefusedError(feature(error)) from error
        self.translated = compilation.module
        self.instance = Instance(compilation.program, step_limit=STEP_LIMIT)

    def call(self, order: int, name: str, bits: tuple[int, ...]) -> tuple[int, ...] | str:
        """The results of a call, or the specification's words for its trap. *Raises:* RefusedError."""
        self.history.append((order, name, bits))
        if name in self.refusals:
            raise RefusedError(self.refusals[name])
        if self.refusal or self.instance is None:
            raise RefusedError(self.refusal)
        result = self.instance.call_raw(name, bits)
        return result.raw if result.trap is None else result.trap.message


@dataclass(eq=False, slots=True)
class ScriptModule:
    """A module that a script can act on. `imports` are the modules that it imports from, by name; `writers` are the
    exports that may change state."""

    source: bytes
    module: wasm.Module
    order: int
    name: str = ""
    imports: dict[str, ScriptModule] = field(default_factory=dict)
    writers: frozenset[str] = frozenset()
    group: Group | None = None
    refusal: str = "no module"

    def invoke(self, order: int, name: str, bits: tuple[int, ...]) -> tuple[int, ...] | str:
        """As `Group.call`, by the name that the module itself has for the function."""
        group = self._group()
        return group.call(order, self._name(name), bits)

    def global_value(self, name: str) -> int:
        """The pattern that an exported global holds. *Raises:* RefusedError."""
        group = self._group()
        if group.instance is None or group.translated is None or group.refusal:
            raise RefusedError(group.refusal)
        exported = next(e for e in group.joined.exports if e.name == self._name(name) and e.kind is ExternalKind.GLOBAL)
        found = group.translated.globals[exported.index]
        if not found.mutable:
            return found.initial
        return to_bits(found.type.value, group.instance.globals[exported.index], name)

    def spoil(self, refusal: str) -> None:
        """A call that was not run may have changed the state."""
        if self.group is not None and any(member.writers for member in self.group.members):
            self.group.refusal = refusal

    def follow(self, name: str) -> bool:
        """Find out what the calls, the last of which was not run, made of the state; whether that is known now."""
        group = self.group
        if group is None or not group.alone or group.instance is None or group.refusal:
            return False
        calls: list[Call] = [(called, bits) for _, called, bits in group.history]
        if not calls or calls[-1][0] != name:
            return False
        return follow(self.source, self.module, calls, group.instance)

    def size(self, kind: ExternalKind, index: int) -> int | None:
        """How large a memory or a table is by now."""
        group = self.group
        if group is None or group.instance is None:
            return None
        names = [e.name for e in self.module.exports if (e.kind, e.index) == (kind, index)]
        memories = {e.name for e in group.joined.exports if e.kind is ExternalKind.MEMORY}
        if kind is ExternalKind.MEMORY and any(self._name(name) in memories for name in names):
            return group.instance.memory.pages
        tables = group.instance.tables
        return next((len(tables[self._name(name)]) for name in names if self._name(name) in tables), None)

    def has_state(self) -> bool:
        """Whether others can tell its instances apart."""
        module = self.module
        mutable = any(type_.mutable for type_ in module.global_types)
        return mutable or bool(module.table_types or module.memory_types)

    def _name(self, name: str) -> str:
        group = self._group()
        return name if group.alone else f"{group.members.index(self)}:{name}"

    def _group(self) -> Group:
        if self.group is None:
            raise RefusedError(self.refusal)
        return self.group


def instantiate(
    data: bytes, settings: Settings, registered: dict[str, ScriptModule], order: Iterator[int], name: str = ""
) -> ScriptModule:
    """Compile, link and instantiate a module. *Raises:* RefusedError if none of it is supported; InstantiationError;
    LinkError."""
    module = wasm.load(data)
    new = ScriptModule(data, module, next(order), name, writers=writing_exports(module))
    for imported in module.imports:
        if imported.module != SPECTEST:
            if imported.module not in registered:
                raise LinkError(f"unknown import: there is no module {imported.module}")
            new.imports[imported.module] = registered[imported.module]
    if not module.imports:
        group = Group(settings, [new], module, alone=True)
        new.group = group
        try:
            group.compile()
        except (RefusedError, InstantiationError):
            new.group = None
            raise
        return new
    return _join(new, settings)


def _join(new: ScriptModule, settings: Settings) -> ScriptModule:
    """Join a module with those that it imports from, and with those that share state with them."""
    members = _closure([new])
    while True:
        groups = [member.group for member in members if member.group is not None and member.has_state()]
        shared = {id(group): group for group in groups if not group.alone}
        more = _closure([*members, *(member for group in shared.values() for member in group.members)])
        if len(more) == len(members):
            break
        members = more
    hosts = {name: number for number, name in enumerate([SPECTEST])}
    host = spectest([imported for member in members for imported in member.module.imports])
    parts = [Part(host, SPECTEST)]
    for member in members:
        links = {module: 1 + members.index(source) for module, source in member.imports.items()}
        parts.append(Part(member.module, member.name or "a module", links | hosts))
    prefixes = [(number, f"{number - 1}:") for number in range(1, len(parts))]

    def size(part: int, kind: ExternalKind, index: int) -> int | None:
        return members[part - 1].size(kind, index) if part else None

    try:
        joined = join(parts, exports=prefixes, staged=STAGE, sizes=size)
    except UnsupportedError as error:
        raise RefusedError(feature(error)) from error
    group = Group(settings, members, joined, alone=False)
    refusals = [
        member.group.refusal or member.refusal for member in members if member is not new and member.group is None
    ]
    if refusals:
        raise RefusedError(refusals[0])
    group.compile()
    _repeat(group, new)
    outcome = group.call(new.order, f"{STAGE}{members.index(new) + 1}", ())
    for member in members:
        if member is new or member.has_state():
            member.group = group
    if isinstance(outcome, str):
        raise InstantiationError(next(trap for trap in Trap if trap.message == outcome))
    return new


def touches_others(module: wasm.Module) -> bool:
    """Whether the instantiation of a module may change what it imports."""
    active = SegmentMode.ACTIVE
    memory = any(imported.kind is ExternalKind.MEMORY for imported in module.imports)
    tables = sum(imported.kind is ExternalKind.TABLE for imported in module.imports)
    placed = [element.table < tables for element in module.elements if element.mode is active]
    placed += [memory for data in module.data if data.mode is active]
    return module.start is not None or any(placed)


def _closure(modules: Sequence[ScriptModule]) -> list[ScriptModule]:
    """The modules and all that they import from, in the order of the script."""
    found: dict[int, ScriptModule] = {}
    work = list(modules)
    while work:
        module = work.pop()
        if module.order not in found:
            found[module.order] = module
            work += module.imports.values()
    return [found[order] for order in sorted(found)]


def _repeat(group: Group, new: ScriptModule) -> None:
    """Do in the new program what was done with its modules before."""
    events: list[tuple[int, str, tuple[int, ...]]] = []
    for number, member in enumerate(group.members):
        if member is not new:
            events.append((member.order, f"{STAGE}{number + 1}", ()))
    seen: set[int] = set()
    for number, member in enumerate(group.members):
        old = member.group
        if old is None or member is new:
            continue
        for order, name, bits in old.history:
            own = f"{old.members.index(member)}:"
            called = name if old.alone else name.removeprefix(own)
            if (old.alone or name.startswith(own)) and order not in seen:
                seen.add(order)
                events.append((order, f"{number}:{called}", bits))
        group.refusal = group.refusal or old.refusal
    if group.instance is not None and not group.refusal:
        for order, name, bits in sorted(events):
            if name in group.refusals:
                group.refusal = group.refusals[name]
                break
            group.call(order, name, bits)


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
            if instruction.name in ("call", "return_call"):
                work.append(instruction.immediates[0])
            if instruction.name in ("call_indirect", "return_call_indirect"):
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


def counter() -> Iterator[int]:
    """The places of a script."""
    return itertools.count()
