"""Operand forms that several machines share: addresses, hash numbers, jump targets.

A machine's module picks rows from here and adds the fields of each operation (`operation_forms`).
"""

from __future__ import annotations

from zkwasm_compiler.isa.machine import Fields, OperandForm, Slot

N, MINUS_N = Slot.NUMBER, Slot.NEGATED_NUMBER
FIRST, SECOND, NEXT = Slot.FIRST_NAME, Slot.SECOND_NAME, Slot.NEXT


def fields(**values: int | Slot) -> Fields:
    """Fields in the order written."""
    return tuple(values.items())


NO_OPERAND = OperandForm("", ())


def _stack(offset: int | Slot, increment: int = 0) -> Fields:
    return fields(isStack=1, isMem=0, ind=0, indRR=0, incStack=increment, offset=offset, useCTX=1)


STACK_POINTER_ADDRESSES = (
    OperandForm("SP", _stack(0), ("SP", "CTX"), "the cell at SP"),
    OperandForm("SP + number", _stack(N), ("SP", "CTX"), "n cells above SP"),
    OperandForm("SP - number", _stack(MINUS_N), ("SP", "CTX"), "n cells below SP"),
    OperandForm("SP ++", _stack(0, 1), ("SP", "CTX"), "the cell at SP, then SP + 1", ("SP",)),
    OperandForm("SP --", _stack(0, -1), ("SP", "CTX"), "the cell at SP, then SP − 1", ("SP",)),
)


def region_addresses(*registers: str) -> tuple[OperandForm, ...]:
    """``SYS:``, ``MEM:`` and ``STACK:`` indexed by each of the registers, with and without a distance."""
    rows = []
    for region, meaning in (
        ("SYS", "cell {} of context 0"),
        ("MEM", "memory cell {} of the context"),
        ("STACK", "stack cell {}"),
    ):
        for register in registers:
            reads = (register,) if region == "SYS" else (register, "CTX")
            for suffix, offset in (("", 0), (" + number", N), (" - number", MINUS_N)):
                shape = f"{region} : {register}{suffix}"
                place = (register + suffix).replace("number", "n").replace("-", "−")
                rows.append(OperandForm(shape, _region(region, register, offset), reads, meaning.format(place)))
    return tuple(rows)


def _region(region: str, register: str, offset: int | Slot) -> Fields:
    index = {"ind": int(register == "E"), "indRR": int(register == "RR")}
    match region:
        case "SYS":
            return fields(isStack=0, isMem=0, **index, incStack=0, offset=offset)
        case "MEM":
            return fields(isStack=0, isMem=1, **index, incStack=0, offset=offset, useCTX=1)
        case _:
            return fields(isStack=1, **index, incStack=0, offset=offset, useCTX=1)


VARIABLE_ADDRESSES = (
    OperandForm("name", fields(offset=FIRST), (), "a variable"),
    OperandForm("name + number", fields(offset=FIRST, extraOffset=N), (), "n cells after a variable"),
    OperandForm("name [ number ]", fields(offset=FIRST, extraOffset=N), (), "element n of a variable"),
    OperandForm("name + RR", fields(offset=FIRST, ind=0, indRR=1), ("RR",), "element RR of a variable"),
    OperandForm("name + E", fields(offset=FIRST, ind=1, indRR=0), ("E",), "element E of a variable"),
    OperandForm("name [ E ]", fields(offset=FIRST, ind=1, indRR=0), ("E",), "element E of a variable"),
    OperandForm("name [ E + number ]", fields(offset=FIRST, extraOffset=N, ind=1, indRR=0), ("E",), "element E + n"),
    OperandForm(
        "name [ E - number ]", fields(offset=FIRST, extraOffset=MINUS_N, ind=1, indRR=0), ("E",), "element E − n"
    ),
)

HASH_NUMBERS = (
    OperandForm("number", fields(ind=0, indRR=0, offset=N), (), "byte string n"),
    OperandForm("E", fields(ind=1, indRR=0, offset=0), ("E",), "byte string E"),
)

INDEXED_HASH_NUMBERS = (
    *HASH_NUMBERS,
    OperandForm("RR", fields(ind=0, indRR=1, offset=0), ("RR",), "byte string RR"),
    OperandForm("E + number", fields(ind=1, indRR=0, offset=N), ("E",), "byte string E + n"),
    OperandForm("RR + number", fields(ind=0, indRR=1, offset=N), ("RR",), "byte string RR + n"),
)

_TO_FIRST = fields(useJmpAddr=1, jmpAddr=FIRST)
_RR = fields(useJmpAddr=0, ind=0, indRR=1, offset=0)
_E = fields(useJmpAddr=0, ind=1, indRR=0, offset=0)
_LABEL_RR = fields(useJmpAddr=0, ind=0, indRR=1, offset=FIRST)
_LABEL_E = fields(useJmpAddr=0, ind=1, indRR=0, offset=FIRST)


def _otherwise(target: Slot) -> Fields:
    return fields(useElseAddr=1, elseAddr=target)


JUMP_TARGETS = (
    OperandForm("name", _TO_FIRST, (), "to a label"),
    OperandForm("RR", _RR, ("RR",), "to the address in RR"),
    OperandForm("E", _E, ("E",), "to the address in E"),
    OperandForm("@name + RR", _LABEL_RR, ("RR",), "RR steps after a label"),
    OperandForm("@name + E", _LABEL_E, ("E",), "E steps after a label"),
)

CONDITIONAL_TARGETS = (
    OperandForm("name", _TO_FIRST + _otherwise(NEXT), (), "to a label when true, else on"),
    OperandForm("name , name", _TO_FIRST + _otherwise(SECOND), (), "to the first label when true, else to the second"),
    OperandForm("RR", _RR + _otherwise(NEXT), ("RR",), "to the address in RR when true, else on"),
    OperandForm("RR , name", _RR + _otherwise(FIRST), ("RR",), "to the address in RR when true, else to the label"),
    OperandForm("E", _E + _otherwise(NEXT), ("E",), "to the address in E when true, else on"),
    OperandForm("E , name", _E + _otherwise(FIRST), ("E",), "to the address in E when true, else to the label"),
    OperandForm("@name + RR", _LABEL_RR + _otherwise(NEXT), ("RR",), "RR steps after a label when true, else on"),
    OperandForm("@name + RR , name", _LABEL_RR + _otherwise(SECOND), ("RR",), "… else to the second label"),
    OperandForm("@name + E", _LABEL_E + _otherwise(NEXT), ("E",), "E steps after a label when true, else on"),
    OperandForm("@name + E , name", _LABEL_E + _otherwise(SECOND), ("E",), "… else to the second label"),
)

NEGATED_CONDITIONAL_TARGETS = (
    OperandForm("name", fields(useJmpAddr=1, jmpAddr=NEXT) + _otherwise(FIRST), (), "to a label when false, else on"),
    OperandForm(
        "name , name",
        fields(useJmpAddr=1, jmpAddr=SECOND) + _otherwise(FIRST),
        (),
        "to the first label when false, else to the second",
    ),
)

_CALL = fields(JMP=0, JMPC=0, JMPN=0)

CALL_TARGETS = (
    OperandForm("name", _CALL + _TO_FIRST + fields(call=1), (), "the subroutine at a label"),
    OperandForm(
        "@name + RR",
        _CALL + fields(offset=FIRST, ind=0, indRR=1, **{"return": 0}, call=1),
        ("RR",),
        "the subroutine RR steps after a label",
    ),
    OperandForm(
        "@name + E",
        _CALL + fields(offset=FIRST, ind=1, indRR=0, **{"return": 0}, call=1),
        ("E",),
        "the subroutine E steps after a label",
    ),
)

RETURN = (OperandForm("", fields(JMP=0, JMPC=0, JMPN=0, call=0, **{"return": 1})),)
REPEAT_COUNTER = (OperandForm("RCX", fields(repeat=1), ("RCX",), "the repeat counter"),)


def operation_forms(
    forms: tuple[OperandForm, ...], *, before: Fields = (), after: Fields = ()
) -> tuple[OperandForm, ...]:
    """The operand forms with an operation's own fields before or after those of the operand."""
    return tuple(OperandForm(f.shape, before + f.fields + after, f.reads, f.meaning, f.writes) for f in forms)


def plain(**values: int) -> tuple[OperandForm, ...]:
    """The single form of an operation without operand."""
    return (OperandForm("", fields(**values)),)
