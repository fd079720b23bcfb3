"""Values on the command line, and how results are compared."""

from __future__ import annotations

import math

import pytest

from hatch_zkwasm.values import (
    call_text,
    json_value,
    parse_arguments,
    parse_results,
    parse_value,
    same_values,
    signature,
    value_text,
    values_text,
)
from zkwasm_compiler.asm.program import Export
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.values import to_bits


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("i32", "48", 48),
        ("i32", "-18", -18),
        ("i32", "0xFFFFFFFF", -1),
        ("i32", "-0x80000000", -(2**31)),
        ("i32", "4294967295", -1),
        ("i32", "007", 7),
        ("i32", "0b101", 5),
        ("i32", "0o17", 15),
        ("i64", "0xffff_ffff_ffff_ffff", -1),
        ("i64", str(2**63), -(2**63)),
        ("f64", "1.5", 1.5),
        ("f64", "-0x1.8p3", -12.0),
        ("f64", "-inf", -math.inf),
        ("f32", "0.1", 0.10000000149011612),
        ("externref", "7", 7),
        ("externref", "null", None),
        ("funcref", "null", None),
    ],
)
def test_values(type_: str, text: str, value: float | None) -> None:
    parsed = parse_value(type_, text)
    assert (type(parsed), parsed) == (type(value), value)


@pytest.mark.parametrize(
    ("type_", "text", "message"),
    [
        ("i32", "4294967296", "4294967296 does not fit in i32, which holds -2**31 to 2**32-1"),
        ("i32", "-2147483649", "-2147483649 does not fit in i32, which holds -2**31 to 2**32-1"),
        ("i64", "1.0", "'1.0' is not an integer; i64 takes decimal, 0x…, 0o… and 0b… numbers"),
        ("f64", "one", "'one' is not a number; f64 takes 1.5, -2e9, 0x1.8p3, inf, nan and nan:0x1"),
        ("f32", "nan:0x800000", "nan:0x800000: the payload of a NaN of type f32 is from 1 to 0x7fffff"),
        ("f64", "nan:0x0", "nan:0x0: the payload of a NaN of type f64 is from 1 to 0xfffffffffffff"),
        ("f32", "1e39", "1e39 does not fit in f32"),
        ("f64", "0x1p1024", "0x1p1024 does not fit in f64"),
        ("externref", "-1", "'-1' is not a reference; externref takes null, or a number from 0 to 2**32-2"),
        ("funcref", "4294967295", "'4294967295' is not a reference; funcref takes null, or a number from 0 to 2**32-2"),
    ],
)
def test_what_is_no_value(type_: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        parse_value(type_, text)
    assert str(caught.value) == message


def test_arguments_report_every_problem() -> None:
    export = Export("div", 1, ("i32", "i64"), ("i32",))
    assert parse_arguments(export, ["0x10", " -3"]) == (16, -3)
    with pytest.raises(ConfigurationError) as caught:
        parse_arguments(export, ["x", "2.5"])
    assert [problem.message[:41] for problem in caught.value.problems] == [
        "argument 1 of div(i32, i64) -> i32: 'x' i",
        "argument 2 of div(i32, i64) -> i32: '2.5'",
    ]
    with pytest.raises(ConfigurationError, match=r"div\(i32, i64\) -> i32 takes 2 arguments, 1 given"):
        parse_arguments(export, ["1"])


def test_expected_results_have_the_function_s_types() -> None:
    export = Export("both", 1, (), ("i32", "f64"))
    assert parse_results(export, (0xFFFFFFFF, 2)) == (-1, 2.0)
    with pytest.raises(ConfigurationError, match=r"both\(\) -> \(i32, f64\) gives 2 results, 1 expected"):
        parse_results(export, (1,))
    with pytest.raises(ConfigurationError, match=r"result of both\(\) -> \(i32, f64\): '1\.5' is not an integer"):
        parse_results(export, (1.5, 2))


def test_sameness_is_of_bits() -> None:
    assert same_values((1, 2.5), (1, 2.5))
    assert same_values((math.nan,), (-math.nan,))
    assert not same_values((0.0,), (-0.0,))
    assert not same_values((1,), (1, 1))
    assert not same_values((1,), (2,))


@pytest.mark.parametrize(
    ("type_", "text", "pattern", "shown"),
    [
        ("f32", "nan", 0x7FC00000, "nan"),
        ("f32", "-nan:0x1", 0xFF800001, "-nan:0x1"),
        ("f32", "nan:canonical", 0x7FC00000, "nan"),
        ("f64", "-nan", 0xFFF8000000000000, "-nan"),
        ("f64", "nan:0x4000000000001", 0x7FF4000000000001, "nan:0x4000000000001"),
        ("f64", "-0.0", 1 << 63, "-0.0"),
        ("f32", "0x1p-149", 1, "1.401298464324817e-45"),
    ],
)
def test_patterns_of_floats(type_: str, text: str, pattern: int, shown: str) -> None:
    value = parse_value(type_, text)
    assert to_bits(type_, value, text) == pattern
    assert value_text(type_, value) == shown
    assert json_value(type_, value) == (value if math.isfinite(value) else shown)
    assert parse_value(type_, shown) == value or math.isnan(value)


def test_texts() -> None:
    assert signature(Export("f", 1, (), ())) == "f()"
    assert signature(Export("f", 1, ("i32",), ("i32", "i64"))) == "f(i32) -> (i32, i64)"
    export = Export("f", 1, ("i32", "f64"), ("i32", "f32"))
    assert call_text(export, (1, -2.5)) == "f(1, -2.5)"
    assert values_text(Export("f", 1, (), ()), ()) == "nothing"
    assert values_text(Export("f", 1, (), ("i32",)), (1,)) == "1"
    assert values_text(export, (1, 2.0)) == "(1, 2.0)"
    assert [json_value("i32", 3), json_value("f64", -1.5), json_value("f32", math.inf)] == [3, -1.5, "inf"]
