"""The left side of a step: from a sum of products to the ROM's ``in…``, ``CONST`` and ``freeInTag`` fields.

The rules are those of the public assembler, which computes with maps from field to value: a sum adds maps, a product
needs one side that is a plain constant. Its quirks are kept, each with a warning, so that its sources assemble alike.
"""

from __future__ import annotations

from typing import Any

from zkwasm_compiler.asm import advice
from zkwasm_compiler.asm.constants import ConstantError, power, shown
from zkwasm_compiler.asm.report import Report
from zkwasm_compiler.asm.symbols import Symbols
from zkwasm_compiler.asm.syntax import ConstantName, Factor, FreeInput, Node, Number, Reference, RegisterName, Term
from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.isa.machine import Machine

Values = dict[str, Any]
"""Fields of the left side while it is computed: integers, besides `freeInTag` (advice) and `labelCONST` (text)."""

_NAMES = ("freeInTag", "labelCONST")
_BIT_LIMIT = 1 << 12


class LeftSide:
    """Computes left sides for one machine and program."""

    __slots__ = (
        "_constant_range",
        "_fields",
        "_free_fields",
        "_long_range",
        "_low_free_fields",
        "_machine",
        "_report",
        "_sign_keeps_names",
        "_symbols",
    )

    def __init__(self, machine: Machine, symbols: Symbols, report: Report) -> None:
        self._machine = machine
        self._symbols = symbols
        self._report = report
        self._fields: dict[str, str | None] = {row.name: row.input_field for row in machine.registers}
        self._fields.update((row.name, row.input_field) for row in machine.counters)
        self._free_fields = dict(machine.dialect.free_fields)
        self._low_free_fields = dict(machine.dialect.low_free_fields or ())
        self._constant_range = machine.dialect.constant_range
        self._long_range = machine.dialect.long_constant_range
        self._sign_keeps_names = machine.dialect.sign_keeps_names

    def fields(self, terms: tuple[Term, ...], own_address: int) -> Values:
        """The fields of a left side in emission order; `freeInTag` holds the parsed advice, None where a sign lost it.

        *Raises:* ConstantError, AdviceSyntaxError.
        """
        first = terms[0]
        total = self._product(first.factors, own_address)
        if first.negative:
            self._negate_leading(total, first)
        for term in terms[1:]:
            values = self._product(term.factors, own_address)
            if term.negative:
                self._negate(values, term)
            self._add(total, values, term)
        for key, value in total.items():
            if type(value) is int:
                if value.bit_length() > _BIT_LIMIT:
                    raise ConstantError("constant_range", f"a coefficient of more than {_BIT_LIMIT} bits", first)
                total[key] = str(value)
        return total

    def _factor(self, factor: Factor, own_address: int) -> Values:
        if type(factor) is RegisterName:
            try:
                field = self._fields[factor.name]
            except KeyError:
                raise InternalError(f"a built syntax tree names {factor.name}, which is no register") from None
            return {field: 1} if field is not None else {"CONST": own_address}
        if type(factor) is FreeInput:
            fields = self._low_free_fields if factor.low_limb_only else self._free_fields
            return {"freeInTag": advice.parse(factor.text, self._machine), **fields}
        if type(factor) is Number:
            return self._number(factor)
        if type(factor) is ConstantName:
            value, long = self._symbols.constant(factor)
            return self._constant(value, long, factor)
        assert type(factor) is Reference
        return {"labelCONST": factor.name, "CONST": self._symbols.reference(factor)}

    def _number(self, number: Number) -> Values:
        value, exponent = number.value, number.power
        if not number.long:
            value = self._symbols.literal(number)
            if exponent is not None:
                exponent = self._symbols.literal(Number(exponent, start=number.start, end=number.end))
        if exponent is not None:
            try:
                value = power(number, value, exponent)
            except ConstantError as error:
                raise ConstantError("constant_range", str(error), number) from None
        return self._constant(value, number.long, number)

    def _constant(self, value: int, long: bool, node: Node) -> Values:
        lowest, highest = self._long_range if long else self._constant_range
        if not lowest <= value <= highest:
            what = "a 64-bit constant" if long and highest == 2**64 - 1 else "a long constant" if long else "a constant"
            hint = "" if long else "; a larger number needs the suffix `n`"
            raise ConstantError(
                "constant_range", f"{shown(value)} as {what} must be in [{lowest}, {highest}]{hint}", node
            )
        return {"CONSTL" if long else "CONST": value}

    # Products

    def _product(self, factors: tuple[Factor, ...], own_address: int) -> Values:
        left = self._factor(factors[0], own_address)
        for factor in factors[1:]:
            left = self._multiply(left, self._factor(factor, own_address), factor)
        return left

    def _multiply(self, left: Values, right: Values, node: Node) -> Values:
        for long, field in ((True, "CONSTL"), (False, "CONST")):
            if field in left and field in right:
                if left.get("labelCONST") or right.get("labelCONST"):
                    message = "a product of `@name` keeps the number but loses the name"
                    self._report.warn("reference_name_lost", message, node)
                return self._constant(left[field] * right[field], long, node)
        for scale, other in ((left, right), (right, left)):
            if len(scale) == 1 and "CONST" in scale:
                return self._scale(scale["CONST"], other, node)
        raise ConstantError(
            "multiplication", "a product needs a plain constant on one side: `2*A`, not `A*B` or `5n*A`", node
        )

    def _scale(self, factor: int, values: Values, node: Node) -> Values:
        if "CONSTL" in values:
            raise ConstantError("mix_const_constl", "a plain and a long constant cannot be multiplied", node)
        if "freeInTag" in values and not self._sign_keeps_names:
            message = "a free input cannot have a coefficient; put it into a register first"
            raise ConstantError("multiplication", message, node)
        return {key: value if key in _NAMES else value * factor for key, value in values.items()}

    # Sums

    def _negate_leading(self, values: Values, node: Node) -> None:
        """A sign at the very start, which in the older dialects also hits the advice and the name of a reference."""
        if self._sign_keeps_names:
            if "CONSTL" in values:
                message = "a long constant cannot be negated; subtract it from `0n`"
                raise ConstantError("negation", message, node)
        elif "freeInTag" in values:
            values["freeInTag"] = None
            message = "the sign before a free input drops its advice; write `0 - ${…}`"
            self._report.warn("advice_lost", message, node)
        self._negate(values, node)

    def _negate(self, values: Values, node: Node) -> None:
        for key, value in values.items():
            if key not in _NAMES:
                values[key] = -value
        if "labelCONST" in values and not self._sign_keeps_names:
            values["labelCONST"] = None
            self._report.warn("reference_name_lost", "the sign before `@name` loses the name", node)

    def _add(self, total: Values, values: Values, node: Node) -> None:
        """Add `values` to `total` in place."""
        if "freeInTag" in total and "freeInTag" in values:
            raise ConstantError("two_tags", "a step has at most one free input", node)
        for key, value in values.items():
            if key == "labelCONST" and total.get(key):
                total[key] += "NaN" if value is None else value
                self._report.warn("reference_name_lost", "a sum of two `@names` joins the names", node)
            elif key in total and key not in _NAMES:
                total[key] += value
            else:
                total[key] = value
        if "CONST" in total and "CONSTL" in total:
            message = "a plain and a long constant cannot be added; give both the suffix `n` or none"
            raise ConstantError("mix_const_constl", message, node)
