"""Files that are parsed line by line are as files that are parsed at once, after every edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.lsp.texts import snippets, texts
from zkwasm_compiler import isa
from zkwasm_compiler.asm import SourceFile, parse
from zkwasm_compiler.isa.machine import Machine
from zkwasm_lsp.language.source import Origins, Source, read
from zkwasm_lsp.language.text import Text

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

MACHINE = isa.machine()
MACHINES = tuple(isa.MACHINES.values())


def by_lines(source: Source) -> tuple[Any, ...]:
    statements = [
        (statement, line, source.offset(statement.start), source.offset(statement.end))
        for statement, line in source.statements()
    ]
    text = source.text.text
    problems = [(one.message, one.code, start, trimmed(text, start, end)) for one, start, end in source.problems()]
    tokens = [
        (kind, text, source.offset(start))
        for chunk in source.chunks
        for kind, text, start in no_line_ends(chunk.parsed)
    ]
    return statements, problems, tokens, source.comments


def trimmed(text: str, start: int, end: int) -> int:
    """The end of a span without line ends at its end: a comment that is never closed has those of the file."""
    return max(start, len(text[:end].rstrip("\r\n")))


def no_line_ends(parsed: SourceFile) -> Iterator[tuple[str, str, int]]:
    """The tokens but for line ends, also at the end of a comment that is never closed."""
    for kind, text, start in parsed.tokens.entries():
        if kind not in ("end of line", "end of file"):
            yield kind, text.rstrip("\r\n"), start


def at_once(text: str, machine: Machine) -> tuple[Any, ...]:
    parsed = parse(text, dialect=machine.dialect.name)
    statements = [(one, parsed.position(one.start)[0], one.start, one.end) for one in parsed.tree.statements]
    spans = [(one, *(one.span or (0, 0))) for one in parsed.problems]
    problems = [(one.message, one.code, start, trimmed(text, start, end)) for one, start, end in spans]
    return (
        statements,
        problems,
        list(no_line_ends(parsed)),
        [(comment.text, comment.start) for comment in parsed.comments],
    )


@UNHURRIED
@given(texts, st.sampled_from(MACHINES))
@example("A\n/*\n*/ /*\n", MACHINE)  # the mistake is moved to the line on which the first comment begins
def test_a_file_is_the_sum_of_its_lines(text: str, machine: Machine) -> None:
    assert by_lines(read(Text.of(text), machine, Origins())) == at_once(text, machine)


@UNHURRIED
@given(texts, st.sampled_from(MACHINES), st.data())
def test_a_version_is_as_if_it_was_the_first(text: str, machine: Machine, data: st.DataObject) -> None:
    origins = Origins()
    current = Text.of(text)
    source = read(current, machine, origins)
    for _ in range(3):
        places = [(data.draw(st.integers(0, len(current.lines))), data.draw(st.integers(0, 30))) for _ in range(2)]
        current = current.edited(places[0], places[1], data.draw(snippets))
        source = read(current, machine, origins, source)
        assert by_lines(source) == at_once(current.text, machine)
        assert source.chunk_of_line == [source.index_at_line(line) for line in range(len(current.lines))]


def test_empty_lines_behind_what_is_never_closed() -> None:
    origins = Origins()
    text = Text.of("VAR GLOBAL x /* x\n\n")
    source = read(text, MACHINE, origins)
    for _ in range(2):
        text = text.edited((1, 0), (1, 0), "\n")
        source = read(text, MACHINE, origins, source)
        assert source.chunk_of_line == [0] * len(text.lines)


def test_a_line_before_a_comment_that_was_the_first() -> None:
    origins = Origins()
    text = Text.of("/*\n*/ /*")
    source = read(text, MACHINE, origins)
    text = text.edited((0, 0), (0, 0), "A\n")
    assert by_lines(read(text, MACHINE, origins, source)) == at_once(text.text, MACHINE)


def test_unchanged_lines_are_taken_over() -> None:
    origins = Origins()
    text = Text.of("A => B\nB => C\nC => D\n")
    before = read(text, MACHINE, origins)
    after = read(text.edited((1, 0), (1, 0), "A + "), MACHINE, origins, before)
    assert [old is new for old, new in zip(before.chunks, after.chunks, strict=True)] == [True, False, True, True]
    longer = read(after.text.edited((0, 0), (0, 0), "\n\n"), MACHINE, origins, after)
    assert longer.chunks[2:] == after.chunks
