"""Walking over advice."""

from __future__ import annotations

from collections.abc import Iterator

from zkwasm_compiler.asm.advice.nodes import Advice, Call, children


def calls_of(node: Advice) -> Iterator[Call]:
    """The calls of functions in `node`, outer ones first."""
    work = [node]
    while work:
        here = work.pop()
        if isinstance(here, Call):
            yield here
        work += reversed(children(here))
