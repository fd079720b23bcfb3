"""Runs the script of a `.wast` file through compile → simulate and counts what came out: `run_script`.

An assertion passes, fails, or is not covered because the code that it needs uses a feature that is not supported; the
feature is named by the compiler's own refusal. One instance a module keeps its state across the actions of the script.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.spec.script_module import RefusedError, ScriptModule, Settings, counter, instantiate, touches_others
from tests.spec.script_values import arguments, unlike
from zkwasm_compiler import wasm
from zkwasm_compiler.errors import DecodeError, LinkError, ValidationError, ZkwasmError
from zkwasm_compiler.ir.memory_layout import AUTO
from zkwasm_simulator import InstantiationError

Command = dict[str, Any]

TEXT_MODULES = {"assert_malformed", "assert_invalid"}
"""Commands that judge a decoder; their modules in the text format are no input of ours."""


@dataclass(slots=True)
class Tally:
    """The assertions of a script: how many passed, how many need what is not supported, and what went wrong."""

    passed: int = 0
    not_covered: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def run_script(script: dict[str, Any], optimization_level: int, memory_layout: str = AUTO) -> Tally:
    """Execute every command of a converted script (`spec_suite.convert`)."""
    runner = _Runner(script["folder"], Settings(optimization_level, memory_layout))
    for command in script["commands"]:
        runner.execute(command)
    return runner.tally


class _Runner:
    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.tally = Tally()
        self.order = counter()
        self.current: ScriptModule | None = None
        self.named: dict[str, ScriptModule | None] = {}
        self.registered: dict[str, ScriptModule] = {}
        self.commands: dict[str, Callable[[Command], None]] = {
            "module": self._module,
            "register": self._register,
            "action": self._action,
            "assert_return": self._assert_return,
            "assert_trap": self._assert_trap,
            "assert_exhaustion": self._assert_trap,
            "assert_invalid": self._assert_invalid,
            "assert_malformed": self._assert_malformed,
            "assert_uninstantiable": self._assert_uninstantiable,
            "assert_unlinkable": self._assert_unlinkable,
        }

    def execute(self, command: Command) -> None:
        """One command; what it finds goes into the tally."""
        kind = command["type"]
        if kind in TEXT_MODULES and command["module_type"] == "text":
            return
        try:
            self.commands[kind](command)
        except RefusedError as refusal:
            self._spoil(command, refusal)
            if kind.startswith("assert_"):
                self.tally.not_covered[str(refusal)] += 1
        except _MismatchError as unexpected:
            self._fail(command, str(unexpected))
        except ZkwasmError as error:
            self._fail(command, f"{type(error).__name__}: {error}")
        else:
            self.tally.passed += kind.startswith("assert_")

    def _fail(self, command: Command, message: str) -> None:
        self.tally.failures.append(f"line {command['line']}: {command['type']} {_describe(command)}: {message}")

    def _spoil(self, command: Command, refusal: RefusedError) -> None:
        """After something that was not run, the state of the modules that it could change is not known, unless it is
        that of one module alone, which wasmtime tells."""
        action = command.get("action", {})
        if action.get("type") == "invoke":
            try:
                target = self._target(command)
            except RefusedError:
                return
            if action["field"] not in target.writers or target.follow(action["field"]):
                return
            target.spoil(str(refusal))
            return
        if "filename" in command and touches_others(wasm.load(self._read(command))):
            for module in self.registered.values():
                module.spoil(str(refusal))

    def _target(self, command: Command) -> ScriptModule:
        name = command.get("action", {}).get("module")
        target = self.current if name is None else self.named[name]
        if target is None:
            raise RefusedError(self.missing)
        return target

    # Modules

    missing = "no module"
    """Why the last module that is not there is not."""

    def _read(self, command: Command) -> bytes:
        return (self.folder / command.get("binary_filename", command["filename"])).read_bytes()

    def _instantiate(self, command: Command) -> ScriptModule:
        return instantiate(self._read(command), self.settings, self.registered, self.order, command.get("name", ""))

    def _module(self, command: Command) -> None:
        self.current = None
        try:
            self.current = self._instantiate(command)
        except RefusedError as refusal:
            self.missing = str(refusal)
            raise
        finally:
            if "name" in command:
                self.named[command["name"]] = self.current

    def _register(self, command: Command) -> None:
        module = self.named[command["name"]] if "name" in command else self.current
        if module is None:
            self.registered.pop(command["as"], None)
            raise RefusedError(self.missing)
        self.registered[command["as"]] = module

    # Assertions

    def _action(self, command: Command) -> None:
        action = command["action"]
        outcome = self._target(command).invoke(next(self.order), action["field"], arguments(action["args"]))
        if isinstance(outcome, str):
            raise _MismatchError(f"trapped: {outcome}")

    def _assert_return(self, command: Command) -> None:
        action, target = command["action"], self._target(command)
        if action["type"] == "get":
            outcome: tuple[int, ...] | str = (target.global_value(action["field"]),)
        else:
            outcome = target.invoke(next(self.order), action["field"], arguments(action["args"]))
        if isinstance(outcome, str):
            raise _MismatchError(f"trapped: {outcome}")
        if difference := unlike(command["expected"], outcome):
            raise _MismatchError(difference)

    def _assert_trap(self, command: Command) -> None:
        action = command["action"]
        outcome = self._target(command).invoke(next(self.order), action["field"], arguments(action["args"]))
        if not isinstance(outcome, str) or not re.fullmatch(rf"{re.escape(outcome)}( \d+)?", command["text"]):
            raise _MismatchError(f"expected the trap {command['text']!r}, found {outcome!r}")

    def _assert_invalid(self, command: Command) -> None:
        self._refuse(command, ValidationError)

    def _assert_malformed(self, command: Command) -> None:
        self._refuse(command, DecodeError)

    def _refuse(self, command: Command, expected: type[ZkwasmError]) -> None:
        try:
            wasm.load(self._read(command))
        except expected:
            return
        raise _MismatchError("the module was accepted")

    def _assert_uninstantiable(self, command: Command) -> None:
        try:
            self._instantiate(command)
        except InstantiationError as error:
            if command["text"] not in str(error):
                raise _MismatchError(f"expected {command['text']!r}, found {error}") from None
            return
        raise _MismatchError("the module was instantiated")

    def _assert_unlinkable(self, command: Command) -> None:
        try:
            self._instantiate(command)
        except LinkError as error:
            if command["text"] not in str(error):
                raise _MismatchError(f"expected {command['text']!r}, found {error}") from None
            return
        raise _MismatchError("the module was linked")


class _MismatchError(Exception):
    """The outcome differs from what the script says."""


def _describe(command: Command) -> str:
    action = command.get("action")
    if action is None:
        return str(command.get("filename", ""))
    values = ", ".join(f"{arg['type']} {arg.get('value')}" for arg in action.get("args", ()))
    return f"{action['field']}({values})"
