"""The dialect `main` of forks 8 to 12, made of the rows of zkevm256: for the vectors that were recorded with it.

Nobody can choose it; it shows that a dialect is a matter of rows. It differs from durian in what its ARITH operations
emit, has no F_MLOAD and no secp256r1, and its signs hit the advice and the names of references.
"""

from __future__ import annotations

from dataclasses import replace

from zkwasm_compiler.isa.machine import Fields, Kind, Machine, OperandForm, Operation
from zkwasm_compiler.isa.zkevm256 import MACHINE

EQUATIONS = tuple(f"arithEq{number}" for number in range(6))


def _fields(operation: Operation, fields: Fields) -> Fields:
    if operation.kind is Kind.ARITH:
        equation = dict(fields)["arithEq"]
        assert isinstance(equation, int)
        return tuple((name, int(number == equation)) for number, name in enumerate(EQUATIONS, start=1))
    return tuple(entry for entry in fields if entry[0] != "assumeFree")


def _forms(operation: Operation) -> tuple[OperandForm, ...]:
    return tuple(replace(form, fields=_fields(operation, form.fields)) for form in operation.forms)


MAIN: Machine = replace(
    MACHINE,
    name="zkevm256-fork9",
    dialect=replace(MACHINE.dialect, name="main", sign_keeps_names=False),
    operations=tuple(
        replace(operation, forms=_forms(operation))
        for operation in MACHINE.operations
        if operation.name != "F_MLOAD" and "SECP256R1" not in operation.name
    ),
    flags=(*EQUATIONS, *MACHINE.flags),
)
