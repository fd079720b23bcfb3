"""The settings that a client may send (section `zkwasm`); docs/language-server.md lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from zkwasm_compiler.isa import DIALECTS
from zkwasm_lsp.language.codes import CODES, Severity

SECTION = "zkwasm"
OFF = "off"


@dataclass(frozen=True, slots=True)
class Settings:
    """`severities` has a severity, or `off`, for codes; `delay` is in milliseconds, `step_limit` in steps of a run."""

    dialect: str = ""
    severities: Mapping[str, str] = field(default_factory=dict)
    delay: int = 150
    audit: bool = True
    lenses: bool = True
    run_on_save: bool = False
    step_limit: int = 1_000_000
    hint_rows: bool = True
    hint_totals: bool = True
    hint_constants: bool = True
    hint_counts: bool = True

    def severity(self, code: str, own: Severity) -> Severity | None:
        """How grave a finding is for the user; None when it is silenced."""
        wanted = self.severities.get(code)
        if wanted is None:
            return own
        return None if wanted == OFF else Severity(wanted)


_NAMES: dict[str, tuple[str, type]] = {
    "dialect": ("dialect", str),
    "diagnostics.severity": ("severities", dict),
    "diagnostics.delay": ("delay", int),
    "audit.enable": ("audit", bool),
    "lens.enable": ("lenses", bool),
    "run.onSave": ("run_on_save", bool),
    "run.stepLimit": ("step_limit", int),
    "inlayHints.rows": ("hint_rows", bool),
    "inlayHints.totals": ("hint_totals", bool),
    "inlayHints.constants": ("hint_constants", bool),
    "inlayHints.counts": ("hint_counts", bool),
}
"""Each setting as the client writes it: the field, and the type of its value."""

SETTING_NAMES = tuple(_NAMES)


def settings_from(sent: Any) -> tuple[Settings, list[str]]:
    """The settings in what a client sent, and what is wrong with it; what is wrong keeps its default."""
    settings = Settings()
    wrong: list[str] = []
    if isinstance(sent, Mapping) and isinstance(sent.get(SECTION), Mapping):
        sent = sent[SECTION]
    if not isinstance(sent, Mapping):
        return settings, []
    for name, (attribute, kind) in _NAMES.items():
        value: Any = _value(sent, name)
        if value is None:
            continue
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            wrong.append(f"the setting {SECTION}.{name} is {value!r}; it must be of type {_TYPES[kind]}")
            continue
        problem = _problem(name, value)
        if problem:
            wrong.append(problem)
            continue
        changed: dict[str, Any] = {attribute: value}
        settings = replace(settings, **changed)
    return settings, wrong


_TYPES = {str: "string", dict: "object", int: "whole number", bool: "boolean"}


def _value(sent: Mapping[str, Any], name: str) -> Any:
    """A setting, written with dots or nested."""
    if name in sent:
        return sent[name]
    here: Any = sent
    for part in name.split("."):
        if not isinstance(here, Mapping):
            return None
        here = here.get(part)
    return here


def _problem(name: str, value: Any) -> str:
    if name == "dialect" and value and value not in DIALECTS:
        return f"the setting {SECTION}.dialect is {value!r}; there is {', '.join(DIALECTS)}, or leave it empty"
    if name == "diagnostics.severity":
        allowed = (*(severity.value for severity in Severity), OFF)
        for code, wanted in value.items():
            if code not in CODES:
                return f"the setting {SECTION}.{name} names {code!r}, which is no code of a diagnostic"
            if wanted not in allowed:
                return f"the setting {SECTION}.{name} has {wanted!r} for {code}; it must be one of {', '.join(allowed)}"
    if isinstance(value, int) and not isinstance(value, bool) and value < 0:
        return f"the setting {SECTION}.{name} is {value}; it must not be negative"
    return ""
