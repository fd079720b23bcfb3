"""Hypothesis strategies for zkASM syntax trees and advice."""

from __future__ import annotations

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
from zkwasm_compiler.isa.zkvm64 import MACHINE

KEYWORDS = keywords(MACHINE) | {"var"}

names = st.from_regex(r"[a-zA-Z_][a-zA-Z$_0-9]{0,5}", fullmatch=True).filter(
    lambda n: n.partition("$")[0] not in KEYWORDS
)
constant_names = st.from_regex(r"[a-zA-Z_][a-zA-Z$_0-9]{0,5}", fullmatch=True)
naturals = st.integers(0, 20) | st.integers(0, 2**70)
texts = st.text(alphabet=st.characters(exclude_characters="}", exclude_categories=["Cs"]), max_size=8)


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

factors: st.SearchStrategy[Factor] = st.one_of(
    st.builds(RegisterName, st.sampled_from([*MACHINE.register_table, *MACHINE.counter_table])),
    st.builds(Number, naturals, st.booleans(), st.none() | st.integers(0, 9)),
    st.builds(ConstantName, constant_names),
    st.builds(Reference, constant_names),
    st.builds(FreeInput, texts),
)
terms = st.builds(Term, st.lists(factors, min_size=1, max_size=3).map(tuple), st.booleans())


@st.composite
def operations(draw: st.DrawFn) -> OperationCall:
    operation = draw(st.sampled_from(MACHINE.operations))
    form = draw(st.sampled_from(operation.forms))
    if not form.shape:
        return OperationCall(operation.name)
    count = sum(symbol in ("name", "@name") for symbol in form.symbols)
    chosen = tuple(Name(draw(names)) for _ in range(count))
    number = draw(naturals) if "number" in form.symbols else None
    return OperationCall(operation.name, Operand(form.shape, chosen, number))


@st.composite
def steps(draw: st.DrawFn) -> StepStatement:
    left = tuple(draw(st.lists(terms, max_size=4)))
    targets = st.lists(st.builds(RegisterName, st.sampled_from(list(MACHINE.register_table))), max_size=3)
    destinations = tuple(draw(targets)) if left else ()
    calls = tuple(draw(st.lists(operations(), min_size=0 if left else 1, max_size=3)))
    return StepStatement(left, destinations, calls)


paths = st.text(alphabet=st.characters(exclude_characters='"', exclude_categories=["Cs"]), min_size=1, max_size=8)
sizes = st.none() | st.builds(Number, naturals)
statements: st.SearchStrategy[Statement] = st.one_of(
    steps(),
    st.builds(LabelStatement, names),
    st.builds(VariableStatement, st.sampled_from(["GLOBAL", "CTX"]), names, sizes),
    st.builds(ConstantStatement, constant_names, expressions, st.booleans()),
    st.builds(CommandStatement, texts),
    st.builds(IncludeStatement, paths),
)
trees = st.lists(statements, max_size=8).map(lambda found: Tree(tuple(found)))


def _advice_operators(inner: st.SearchStrategy[advice.Advice]) -> st.SearchStrategy[advice.Advice]:
    targets = st.builds(advice.VariableName, names) | st.builds(advice.Declaration, names)
    return st.one_of(
        st.builds(advice.Unary, st.sampled_from(["neg", "bitnot", "not"]), inner),
        st.builds(advice.Binary, st.sampled_from(sorted(advice.SYMBOLS)), inner, inner),
        st.builds(advice.Conditional, inner, inner, inner),
        st.builds(advice.Assignment, targets, inner),
        st.builds(advice.Call, names, st.lists(inner, max_size=3).map(tuple)),
        st.builds(advice.Data, names, names, inner),
    )


advice_nodes = st.recursive(
    st.one_of(
        st.builds(advice.Number, naturals),
        st.builds(advice.Register, st.sampled_from(["A", "E", "SP", "zkPC", "STEP", "CNT_ARITH"])),
        st.builds(advice.VariableName, names),
        st.builds(advice.Declaration, names),
        st.builds(advice.Data, names, names),
    ),
    _advice_operators,
    max_leaves=12,
)
