"""What a large program, whose analysis takes longer than a reader waits, is spared."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkwasm_lsp import session as module
from zkwasm_lsp.language.text import Text
from zkwasm_lsp.session import Session

MAIN = Path("/somewhere/main.zkasm")
ONLY_DURIAN = "        0 => SR\n"
ONLY_64 = "        A :HASHK4(0)\n"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setattr(module, "PATIENCE", -1.0)
    return Session()


def write(session: Session, text: str) -> None:
    session.project.open(MAIN, Text.of(text))


def test_who_waits_gets_the_program_before_a_change(session: Session) -> None:
    write(session, "a:\n")
    first = session.program(MAIN)
    write(session, "b:\n")
    assert session.program(MAIN) is first
    newest = session.program(MAIN, newest=True)
    assert list(newest.resolution.labels) == ["b"]
    assert session.program(MAIN) is newest


def test_a_small_program_is_always_the_newest(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 100.0)
    write(session, "a:\n")
    session.program(MAIN)
    write(session, "b:\n")
    assert list(session.program(MAIN).resolution.labels) == ["b"]


@pytest.mark.parametrize(("patience", "dialect"), [(-1.0, "durian"), (100.0, "64")])
def test_the_dialect_of_a_large_program_is_not_looked_for_again(
    session: Session, monkeypatch: pytest.MonkeyPatch, patience: float, dialect: str
) -> None:
    write(session, ONLY_DURIAN)
    assert session.program(MAIN, newest=True).machine.dialect.name == "durian"
    monkeypatch.setattr(module, "PATIENCE", patience)
    write(session, ONLY_64)
    assert session.program(MAIN, newest=True).machine.dialect.name == dialect
