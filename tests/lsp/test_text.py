"""Texts: lines, places, edits, and the code units of the protocol."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lsp.texts import snippets, texts
from zkwasm_lsp.language.text import Encoding, Text, column_of_units, units

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(texts, st.data())
def test_an_edit_is_that_of_the_string(text: str, data: st.DataObject) -> None:
    before = Text.of(text)
    assert before.text == text
    places = []
    for _ in range(2):
        line = data.draw(st.integers(0, len(before.lines)))
        places.append((line, data.draw(st.integers(0, 30))))
    new = data.draw(snippets)
    after = before.edited(places[0], places[1], new)
    start, end = sorted(before.offset(*place) for place in places)
    assert after.text == text[:start] + new + text[end:]
    assert after.lines == Text.of(after.text).lines


@UNHURRIED
@given(texts)
def test_places_and_offsets_are_inverse(text: str) -> None:
    whole = Text.of(text)
    for offset in range(len(text) + 1):
        line, column = whole.position(offset)
        assert whole.starts[line] + column == offset
        if column <= len(whole.bare[line]):
            assert whole.offset(line, column) == offset


@pytest.mark.parametrize("encoding", list(Encoding))
@UNHURRIED
@given(st.text(alphabet="aé€𝒳", max_size=8))
def test_code_units_are_those_of_the_encoding(encoding: Encoding, line: str) -> None:
    codec, width = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[encoding.value]
    for column in range(len(line) + 1):
        count = units(line[:column], encoding)
        assert count == len(line[:column].encode(codec)) // width
        assert column_of_units(line, count, encoding) == column


def test_a_place_within_a_character_is_its_begin() -> None:
    assert column_of_units("a𝒳b", 2, Encoding.UTF_16) == 1
    assert column_of_units("a𝒳b", 99, Encoding.UTF_16) == 3
    assert column_of_units("é", 1, Encoding.UTF_8) == 0


def test_only_line_feeds_and_returns_end_lines() -> None:
    assert Text.of("a\r\nb\rc\n\x0c\u2028d").lines == ["a\r\n", "b\r", "c\n", "\x0c\u2028d"]


def test_two_line_ends_that_an_edit_brings_together_are_one() -> None:
    edited = Text.of("a\rb").edited((1, 0), (1, 1), "\nc")
    assert edited.lines == Text.of("a\r\nc").lines == ["a\r\n", "c"]
