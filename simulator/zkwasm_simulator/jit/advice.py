"""Advice as WebAssembly: `${…}` without Python, for the expressions whose numbers fit into 128 bits.

Advice computes with unbounded integers. Every number here carries its bounds; it is an i64 where they fit (signed, or
unsigned when it cannot be negative), and two of them otherwise. What remains (`UnsupportedError`) is computed by the
reference interpreter, which also has the say where an operation would fail: there the code leaves the block in front
of the row (`Place.refuse`).
"""

from __future__ import annotations

from typing import Any, Protocol

from zkwasm_simulator.field import LIMB_MASK, PRIME, WORD_MASK
from zkwasm_simulator.inputs import WORDS_PER_ROOT
from zkwasm_simulator.jit.encoder import Code, access, call, i32, i64, op
from zkwasm_simulator.jit.state import INPUT_WORDS, TRACE_LENGTH
from zkwasm_simulator.jit.values import ZERO, Value, constant
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS

Node = dict[str, Any]

_I63, _I64 = 1 << 63, 1 << 64
_I127 = 1 << 127

_COMPARISONS = {"eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
_FUNCTION_OPERATORS = {
    "bitwise_and": "bitand",
    "bitwise_or": "bitor",
    "bitwise_xor": "bitxor",
    "bitwise_not": "bitnot",
    "comp_lt": "lt",
    "comp_gt": "gt",
    "comp_eq": "eq",
}
_INPUT_FUNCTIONS = {"getPublicOldStateRootR64": 0, "getPublicOldAccInputHashR64": WORDS_PER_ROOT}


class UnsupportedError(Exception):
    """Advice that only the reference interpreter computes."""


class Place(Protocol):
    """Where the code goes: what advice needs to know of the row."""

    def share(self, code: Code, values: int = 1) -> list[Code]:
        """Put what an expression leaves on the stack into locals, the top first; the same ones for the same code."""

    def refuse(self, condition: Code) -> None:
        """Leave the block in front of the row when the i32 `condition` is not 0."""

    def register(self, name: str) -> Value:
        """A limb (`A0`) or a one-limb register."""

    def normalise(self, *limbs: Value) -> None:
        """Refuse limbs that are not of 32 bits."""

    def step(self) -> Code:
        """The number of the step."""

    @property
    def division(self) -> int:
        """The function that divides numbers of 128 bits (`module.divide_code`)."""


class _Nowhere:
    """A place for trying out whether advice can be written."""

    def share(self, code: Code, values: int = 1) -> list[Code]:
        return [b""] * values

    def refuse(self, condition: Code) -> None:
        pass

    def register(self, name: str) -> Value:
        return Value(b"", -(1 << 40), 1 << 40) if name in SINGLE_REGISTERS else Value(b"", 0, PRIME - 1)

    def normalise(self, *limbs: Value) -> None:
        for limb in limbs:
            limb.narrow(0, LIMB_MASK)

    def step(self) -> Code:
        return b""

    @property
    def division(self) -> int:
        return 0


def supported(node: Node) -> bool:
    """Can the advice be computed without the reference interpreter?"""
    try:
        free_input(node, _Nowhere())
    except UnsupportedError:
        return False
    return True


def uses_counters(node: Node) -> bool:
    """Does advice look at the counters of the secondary machines?"""
    if node.get("op") == "getReg" and node["regName"].startswith("CNT_"):
        return True
    return any(uses_counters(child) for child in (*node.get("values", ()), *node.get("params", ())))


def free_input(node: Node, place: Place) -> tuple[Value, Value]:
    """The limbs of a free input. *Raises:* UnsupportedError."""
    limbs = _limbs(node, place)
    if limbs is not None:
        return limbs
    try:
        number = _number(node, place)
    except UnsupportedError:
        return _split(_kept(place, _low_word(node, place)), 0, WORD_MASK, place)
    if isinstance(number, _Wide):
        return _split(number.low_word, 0, WORD_MASK, place)
    return _split(number.code, number.low, number.high, place)


def _kept(place: Place, code: Code) -> Code:
    (local,) = place.share(code)
    return local


def _split(code: Code, low: int, high: int, place: Place) -> tuple[Value, Value]:
    if low >= 0 and high <= LIMB_MASK:
        return Value(code, low, high), ZERO
    upper_bound = high >> 32 if low >= 0 else LIMB_MASK
    lower = _kept(place, code + i64(LIMB_MASK) + op("i64.and"))
    upper = _kept(place, code + i64(32) + op("i64.shr_u"))
    return Value(lower, 0, LIMB_MASK), Value(upper, 0, min(upper_bound, LIMB_MASK))


def _limbs(node: Node, place: Place) -> tuple[Value, Value] | None:
    """Functions that give limbs and not a number: cond(x) and beforeLast(k) are −1 or 0."""
    if node["op"] != "functionCall":
        return None
    name, parameters = node["funcName"], node["params"]
    if name == "cond" and len(parameters) == 1:
        holds = _truth(_single(_number(parameters[0], place)))
        return _minus_one_if(holds, place), ZERO
    if name == "beforeLast" and len(parameters) <= 1:
        distance = _constant(parameters[0]) if parameters else 2
        if not 0 <= distance < _I63:
            raise UnsupportedError
        last = i32(0) + access("i64.load", TRACE_LENGTH) + i64(distance) + op("i64.sub")
        return _minus_one_if(place.step() + last + op("i64.lt_s"), place), ZERO
    return None


def _minus_one_if(condition: Code, place: Place) -> Value:
    return Value(_kept(place, i64(-1) + i64(0) + condition + op("select")), -1, 0)


class _Wide:
    """A number of 128 bits, signed or not: two words and its bounds."""

    __slots__ = ("high", "high_word", "low", "low_word")

    def __init__(self, low_word: Code, high_word: Code, low: int, high: int) -> None:
        if not (-_I127 <= low <= high < _I127 or 0 <= low <= high < 2 * _I127):
            raise UnsupportedError
        self.low_word = low_word
        self.high_word = high_word
        self.low = low
        self.high = high


def _fits(low: int, high: int) -> bool:
    """Does one i64 hold all numbers of these bounds?"""
    return (low >= 0 and high < _I64) or (low >= -_I63 and high < _I63)


def _single(number: Value | _Wide) -> Value:
    if isinstance(number, _Wide):
        raise UnsupportedError
    return number


def _constant(node: Node) -> int:
    if node["op"] != "number":
        raise UnsupportedError
    return int(node["num"])


def _number(node: Node, place: Place) -> Value | _Wide:
    """The number that `node` is, exactly."""
    operation = node["op"]
    if operation == "number":
        value = int(node["num"])
        if not _fits(value, value):
            raise UnsupportedError
        return constant(value)
    if operation == "getReg":
        return _register(node["regName"], place)
    if operation == "if":
        return _choice(node["values"], place)
    if operation == "functionCall":
        return _call(node, place)
    return _operator(operation, node.get("values", []), node, place)


def _register(name: str, place: Place) -> Value:
    if name in WIDE_REGISTERS:
        low, high = place.register(f"{name}0"), place.register(f"{name}1")
        place.normalise(low, high)
        if high.high == 0:
            return low
        code = _kept(place, high.code + i64(32) + op("i64.shl") + low.code + op("i64.or"))
        return Value(code, low.low, low.high | high.high << 32)
    if name in SINGLE_REGISTERS:
        return place.register(name)
    if name == "STEP":
        return Value(_kept(place, place.step()), 0, _I63 - 1)
    raise UnsupportedError


def _call(node: Node, place: Place) -> Value | _Wide:
    name, parameters = node["funcName"], node["params"]
    if name in _FUNCTION_OPERATORS and len(parameters) == (1 if name == "bitwise_not" else 2):
        return _operator(_FUNCTION_OPERATORS[name], parameters, node, place)
    if name == "loadScalar" and len(parameters) == 1:
        return _number(parameters[0], place)
    if name in _INPUT_FUNCTIONS and len(parameters) == 1:
        index = _constant(parameters[0])
        if 0 <= index < WORDS_PER_ROOT:
            word = INPUT_WORDS + 8 * (_INPUT_FUNCTIONS[name] + index)
            return Value(_kept(place, i32(0) + access("i64.load", word)), 0, WORD_MASK)
    raise UnsupportedError


def _choice(values: list[Node], place: Place) -> Value:
    condition, yes, no = (_single(_number(value, place)) for value in values)
    low, high = min(yes.low, no.low), max(yes.high, no.high)
    if not _fits(low, high):
        raise UnsupportedError
    return Value(_kept(place, yes.code + no.code + _truth(condition) + op("select")), low, high)


def _truth(value: Value) -> Code:
    return value.code + op("i64.eqz") + op("i32.eqz")


def _operator(operation: str, nodes: list[Node], node: Node, place: Place) -> Value | _Wide:
    if operation in ("shl", "shr"):
        distance = _constant(nodes[1])
        if not 0 <= distance < 128:
            raise UnsupportedError
        operand = _number(nodes[0], place)
        return (_shift_left if operation == "shl" else _shift_right)(operand, distance, place)
    if operation == "bitand":
        return _bit_and(nodes, place)
    operands = [_number(value, place) for value in nodes]
    if operation == "mul":
        operands = [_narrowed(operand, place) for operand in operands]
    if operation in ("add", "sub", "mul"):
        return _arithmetic(operation, operands[0], operands[1], place)
    if any(isinstance(operand, _Wide) for operand in operands):
        return _wide_operator(operation, operands, place)
    singles = [_single(operand) for operand in operands]
    if operation in _COMPARISONS:
        return _comparison(operation, singles[0], singles[1], place)
    match operation:
        case "div" | "mod":
            return _division(operation, singles[0], singles[1], place)
        case "bitor" | "bitxor":
            return _bit_or(operation, singles[0], singles[1], place)
        case "neg":
            result = _arithmetic("sub", ZERO, singles[0], place)
        case "bitnot":
            result = _arithmetic("sub", constant(-1), singles[0], place)
        case "not":
            return _bit(singles[0].code + op("i64.eqz"), place)
        case "and" | "or":
            joined = _truth(singles[0]) + _truth(singles[1]) + op("i32.and" if operation == "and" else "i32.or")
            return _bit(joined, place)
        case _:
            raise UnsupportedError
    return result


def _narrowed(number: Value | _Wide, place: Place) -> Value | _Wide:
    """A number that is not negative in one word; refused when it has two."""
    if isinstance(number, Value) or number.low < 0:
        return number
    place.refuse(number.high_word + op("i64.eqz") + op("i32.eqz"))
    return Value(number.low_word, number.low, min(number.high, _I64 - 1))


def _wide_operator(operation: str, operands: list[Value | _Wide], place: Place) -> Value | _Wide:
    """Comparison and division of numbers that are not negative, one of them of 128 bits."""
    if len(operands) != 2 or any(operand.low < 0 for operand in operands):
        raise UnsupportedError
    a, b = operands
    if operation in ("div", "mod"):
        return _wide_division(operation, a, b, place)
    if operation not in ("lt", "le", "gt", "ge"):
        raise UnsupportedError
    if operation in ("gt", "le"):
        a, b = b, a
    less = _less(a, b)
    return _bit(less if operation in ("lt", "gt") else less + op("i32.eqz"), place)


def _less(a: Value | _Wide, b: Value | _Wide) -> Code:
    """a < b, an i32; neither is negative."""
    (a_low, a_high), (b_low, b_high) = (
        (number.low_word, number.high_word) if isinstance(number, _Wide) else (number.code, i64(0)) for number in (a, b)
    )
    low = a_high + b_high + op("i64.eq") + a_low + b_low + op("i64.lt_u") + op("i32.and")
    return a_high + b_high + op("i64.lt_u") + low + op("i32.or")


def _wide_division(operation: str, a: Value | _Wide, b: Value | _Wide, place: Place) -> Value | _Wide:
    if b.low == 0:
        both = b.low_word + b.high_word + op("i64.or") if isinstance(b, _Wide) else b.code
        place.refuse(both + op("i64.eqz"))
    code = _words(a) + _words(b) + call(place.division)
    remainder_high, remainder_low, quotient_high, quotient_low = place.share(code, 4)
    if operation == "div":
        low_word, high_word, high = quotient_low, quotient_high, a.high // max(b.low, 1)
    else:
        low_word, high_word, high = remainder_low, remainder_high, min(a.high, b.high - 1)
    return Value(low_word, 0, high) if high < _I64 else _Wide(low_word, high_word, 0, high)


def _bit(condition: Code, place: Place) -> Value:
    return Value(_kept(place, condition + op("i64.extend_i32_u")), 0, 1)


def _bounds(operation: str, a: Value | _Wide, b: Value | _Wide) -> tuple[int, int]:
    if operation == "add":
        return a.low + b.low, a.high + b.high
    if operation == "sub":
        return a.low - b.high, a.high - b.low
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    return min(corners), max(corners)


def _arithmetic(operation: str, a: Value | _Wide, b: Value | _Wide, place: Place) -> Value | _Wide:
    low, high = _bounds(operation, a, b)
    if low == high:
        if _fits(low, high):
            return constant(low)
        raise UnsupportedError
    if isinstance(a, Value) and isinstance(b, Value):
        if _fits(low, high):
            return Value(_kept(place, a.code + b.code + op(f"i64.{operation}")), low, high)
        if operation == "mul":
            return _wide_product(a, b, low, high, place)
    if operation == "mul":
        raise UnsupportedError
    code = _words(a) + _words(b) + op(f"i64.{operation}128")
    if operation == "sub" or a.low < 0 or b.low < 0 or high < 2 * _I127:
        return _kept_wide(code, low, high, place)
    total = _kept_wide(code, 0, 2 * _I127 - 1, place)
    place.refuse(_less(total, a))  # more than 128 bits
    return total


def _wide_product(a: Value, b: Value, low: int, high: int, place: Place) -> _Wide:
    if a.low >= 0 and b.low >= 0:
        name = "i64.mul_wide_u"
    elif a.high < _I63 and b.high < _I63:
        name = "i64.mul_wide_s"
    else:
        raise UnsupportedError
    return _kept_wide(a.code + b.code + op(name), low, high, place)


def _kept_wide(code: Code, low: int, high: int, place: Place) -> _Wide:
    """The two words that `code` leaves on the stack, the high one on top."""
    high_word, low_word = place.share(code, 2)
    return _Wide(low_word, high_word, low, high)


def _words(number: Value | _Wide) -> Code:
    """Both words of a number on the stack."""
    if isinstance(number, _Wide):
        return number.low_word + number.high_word
    if number.low >= 0:
        return number.code + i64(0)
    return number.code + number.code + i64(63) + op("i64.shr_s")


def _shift_left(number: Value | _Wide, distance: int, place: Place) -> Value | _Wide:
    value = _single(number)
    low, high = value.low << distance, value.high << distance
    if _fits(low, high):
        return Value(_kept(place, value.code + i64(distance) + op("i64.shl")), low, high) if distance < 64 else ZERO
    if distance >= 64:
        return _Wide(i64(0), _kept(place, value.code + i64(distance - 64) + op("i64.shl")), low, high)
    if distance == 0:
        return value
    upper = value.code + i64(64 - distance) + op("i64.shr_u" if value.low >= 0 else "i64.shr_s")
    return _Wide(_kept(place, value.code + i64(distance) + op("i64.shl")), _kept(place, upper), low, high)


def _shift_right(number: Value | _Wide, distance: int, place: Place) -> Value | _Wide:
    low, high = number.low >> distance, number.high >> distance
    shift = op("i64.shr_u" if number.low >= 0 else "i64.shr_s")
    if isinstance(number, Value):
        if distance >= 64:
            return ZERO if number.low >= 0 else Value(_kept(place, number.code + i64(63) + shift), -1, 0)
        return Value(_kept(place, number.code + i64(distance) + shift), low, high)
    if distance == 0:
        return number
    if not _fits(low, high):
        raise UnsupportedError
    if distance >= 64:
        code = number.high_word + i64(distance - 64) + shift
    else:
        upper = number.high_word + i64(64 - distance) + op("i64.shl")
        code = number.low_word + i64(distance) + op("i64.shr_u") + upper + op("i64.or")
    return Value(_kept(place, code), low, high)


def _bit_and(nodes: list[Node], place: Place) -> Value:
    """a & b; of what is joined with a number below 2^64 that is not negative only the low word counts."""
    for mine, other in (nodes, nodes[::-1]):
        if mine["op"] == "number" and 0 <= int(mine["num"]) <= WORD_MASK:
            return _masked(other, int(mine["num"]), place)
    a, b = (_single(_number(node, place)) for node in nodes)
    highs = [value.high for value in (a, b) if value.low >= 0]
    if not highs and not (a.high < _I63 and b.high < _I63):
        raise UnsupportedError
    low, high = (0, min(highs)) if highs else (-_I63, _I63 - 1)
    return Value(_kept(place, a.code + b.code + op("i64.and")), low, high)


def _masked(node: Node, mask: int, place: Place) -> Value:
    if mask <= LIMB_MASK and node["op"] == "getReg" and node["regName"] in WIDE_REGISTERS:
        name = node["regName"]
        value = place.register(f"{name}0")
        place.normalise(value, place.register(f"{name}1"))
    else:
        register = _register(node["regName"], place) if node["op"] == "getReg" else None
        if register is not None and register.low >= 0:
            value = register
        else:
            value = Value(_kept(place, _low_word(node, place)), 0, WORD_MASK)
    if value.high & ~mask == 0 and (mask + 1) & mask == 0:
        return value
    return Value(_kept(place, value.code + i64(mask) + op("i64.and")), 0, min(mask, value.high))


def _low_word(node: Node, place: Place) -> Code:
    """The low 64 bits of the number that `node` is, in two's complement."""
    operation = node["op"]
    values = node.get("values", [])
    if operation in ("add", "sub", "mul", "bitor", "bitxor", "bitand"):
        name = {"bitor": "or", "bitxor": "xor", "bitand": "and"}.get(operation, operation)
        return _low_word(values[0], place) + _low_word(values[1], place) + op(f"i64.{name}")
    if operation == "neg":
        return i64(0) + _low_word(values[0], place) + op("i64.sub")
    if operation == "bitnot":
        return _low_word(values[0], place) + i64(-1) + op("i64.xor")
    if operation == "number":
        return i64(int(node["num"]))
    if operation == "shl" and values[1]["op"] == "number" and 0 <= int(values[1]["num"]) < 64:
        return _low_word(values[0], place) + i64(int(values[1]["num"])) + op("i64.shl")
    number = _number(node, place)
    return number.low_word if isinstance(number, _Wide) else number.code


def _comparison(operation: str, a: Value, b: Value, place: Place) -> Value:
    if a.low >= 0 and b.low >= 0:
        suffix = "_u"
    elif a.high < _I63 and b.high < _I63:
        suffix = "_s"
    else:
        raise UnsupportedError
    name = operation if operation in ("eq", "ne") else operation + suffix
    return _bit(a.code + b.code + op(f"i64.{name}"), place)


def _division(operation: str, a: Value, b: Value, place: Place) -> Value:
    """Truncated toward zero, as WebAssembly divides."""
    if b.low <= 0 <= b.high:
        place.refuse(b.code + op("i64.eqz"))
    if a.low >= 0 and b.low >= 0:
        suffix = "_u"
        low = 0
        high = a.high // max(b.low, 1) if operation == "div" else min(a.high, b.high - 1)
    elif a.low > -_I63 and a.high < _I63 and b.high < _I63:
        suffix = "_s"
        high = max(-a.low, a.high)
        low = -high
    else:
        raise UnsupportedError
    name = "div" if operation == "div" else "rem"
    return Value(_kept(place, a.code + b.code + op(f"i64.{name}{suffix}")), low, max(high, low))


def _bit_or(operation: str, a: Value, b: Value, place: Place) -> Value:
    if a.low >= 0 and b.low >= 0:
        low, high = 0, (1 << max(a.high, b.high).bit_length()) - 1
    elif a.high < _I63 and b.high < _I63:
        low, high = -_I63, _I63 - 1
    else:
        raise UnsupportedError
    name = "or" if operation == "bitor" else "xor"
    return Value(_kept(place, a.code + b.code + op(f"i64.{name}")), low, high)
