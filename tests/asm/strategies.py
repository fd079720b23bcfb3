"""Hypothesis strategies for zkASM syntax trees and advice of each machine."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from zkwasm_compiler.asm import advice
from zkwasm_compiler.asm.expressions import BINARY_PRECEDENCE
from zkwasm_compiler.asm.lexer import keywords
from zkwasm_compiler.asm.syntax import (
    Binary,
    CommandStatement,
    Conditional,
    ConstantName,
    ConstantStatement,
    Default,
    Expression,
    Factor,
    FreeInput,
    IncludeStatement,
    LabelStatement,
    Name,
    Number,
    Operand,
    OperationCall,
    Reference,
    RegisterName,
    Statement,
    StepStatement,
    Term,
    Tree,
    Unary,
    VariableStatement,
)
from zkwasm_compiler.isa.machine import Machine

WORD = r"[a-zA-Z_][a-zA-Z$_0-9]{0,5}"

constant_names = st.from_regex(WORD, fullmatch=True)
naturals = st.integers(0, 20) | st.integers(0, 2**70)
texts = st.text(alphabet=st.characters(exclude_characters="}", exclude_categories=["Cs"]), max_size=8)
paths = st.text(alphabet=st.characters(exclude_characters='"', exclude_categories=["Cs"]), min_size=1, max_size=8)


@cache
def names(machine: Machine) -> st.SearchStrategy[str]:
    """Names of labels and variables: words that are no keywords."""
    taken = keywords(machine) | {"var"}
    return st.from_regex(WORD, fullmatch=True).filter(lambda name: name.partition("$")[0] not in taken)


def _operators(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Unary, st.sampled_from("-!"), inner),
        st.builds(Binary, st.sampled_from(sorted(BINARY_PRECEDENCE)), inner, inner),
        st.builds(Conditional, inner, inner, inner),
        st.builds(Default, st.builds(ConstantName, constant_names), inner),
    )


expressions = st.recursive(
    st.builds(Number, naturals, st.booleans()) | st.builds(ConstantName, constant_names), _operators, max_leaves=12
)


def _factors(machine: Machine) -> st.SearchStrategy[Factor]:
    low_limb_only = st.booleans() if machine.dialect.low_free_fields is not None else st.just(False)
    return st.one_of(
        st.builds(RegisterName, st.sampled_from([*machine.register_table, *machine.counter_table])),
        st.builds(Number, naturals, st.booleans(), st.none() | st.integers(0, 9)),
        st.builds(ConstantName, constant_names),
        st.builds(Reference, constant_names),
        st.builds(FreeInput, texts, low_limb_only),
    )


@st.composite
def _operations(draw: st.DrawFn, machine: Machine) -> OperationCall:
    operation = draw(st.sampled_from(machine.operations))
    form = draw(st.sampled_from(operation.forms))
    if not form.shape:
        return OperationCall(operation.name)
    count = sum(symbol in ("name", "@name") for symbol in form.symbols)
    chosen = tuple(Name(draw(names(machine))) for _ in range(count))
    number = draw(naturals) if "number" in form.symbols else None
    return OperationCall(operation.name, Operand(form.shape, chosen, number))


@st.composite
def _steps(draw: st.DrawFn, machine: Machine) -> StepStatement:
    terms = st.builds(Term, st.lists(_factors(machine), min_size=1, max_size=3).map(tuple), st.booleans())
    left = tuple(draw(st.lists(terms, max_size=4)))
    targets = st.lists(st.builds(RegisterName, st.sampled_from(list(machine.register_table))), max_size=3)
    destinations = tuple(draw(targets)) if left else ()
    calls = tuple(draw(st.lists(_operations(machine), min_size=0 if left else 1, max_size=3)))
    return StepStatement(left, destinations, calls)


@cache
def trees(machine: Machine) -> st.SearchStrategy[Tree]:
    """Whole files."""
    sizes: st.SearchStrategy[Number | ConstantName | None] = st.none() | st.builds(Number, naturals)
    if machine.dialect.array_size_may_be_constant:
        sizes |= st.builds(ConstantName, constant_names)
    statements: st.SearchStrategy[Statement] = st.one_of(
        _steps(machine),
        st.builds(LabelStatement, names(machine)),
        st.builds(VariableStatement, st.sampled_from(["GLOBAL", "CTX"]), names(machine), sizes),
        st.builds(ConstantStatement, constant_names, expressions, st.booleans()),
        st.builds(CommandStatement, texts),
        st.builds(IncludeStatement, paths),
    )
    return st.lists(statements, max_size=8).map(lambda found: Tree(tuple(found)))


def _advice_operators(
    inner: st.SearchStrategy[advice.Advice], named: st.SearchStrategy[str]
) -> st.SearchStrategy[advice.Advice]:
    targets = st.builds(advice.VariableName, named) | st.builds(advice.Declaration, named)
    return st.one_of(
        st.builds(advice.Unary, st.sampled_from(["neg", "bitnot", "not"]), inner),
        st.builds(advice.Binary, st.sampled_from(sorted(advice.SYMBOLS)), inner, inner),
        st.builds(advice.Conditional, inner, inner, inner),
        st.builds(advice.Assignment, targets, inner),
        st.builds(advice.Call, named, st.lists(inner, max_size=3).map(tuple)),
        st.builds(advice.Data, named, named, inner),
    )


@cache
def advice_nodes(machine: Machine) -> st.SearchStrategy[advice.Advice]:
    """Advice as it is written."""
    named = names(machine)
    registers = [row.name for row in machine.registers if row.in_advice]
    leaves: st.SearchStrategy[advice.Advice] = st.one_of(
        st.builds(advice.Number, naturals),
        st.builds(advice.Register, st.sampled_from([*registers, *machine.counter_table])),
        st.builds(advice.VariableName, named),
        st.builds(advice.Declaration, named),
        st.builds(advice.Data, named, named),
    )
    return st.recursive(leaves, lambda inner: _advice_operators(inner, named), max_leaves=12)
