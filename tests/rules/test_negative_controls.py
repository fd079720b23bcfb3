"""Rules broken on purpose: the proofs must fail, and where z3 finds wrong advice the machine model must accept it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from tests.rules.affine_cases import rule_of, symbolic_meaning
from tests.rules.honest_prover import MACHINE, IncompleteError, Meaning, check_complete, right
from tests.rules.machine_model import FAIL, VIOLATED
from tests.rules.prover import Forgery, UnprovedError, prove
from tests.rules.scale_model import ScaleError, check_scaled
from tests.rules.symbolic_model import WORD
from zkwasm_compiler.rules.catalogue import RULES
from zkwasm_compiler.rules.representation import Representation
from zkwasm_compiler.rules.rule import Rule, RuleTable
from zkwasm_compiler.rules.template import StepTemplate, parse_steps

BY_NAME = {rule.name: rule for rule in RULES}
CLEAN, TIDY = Representation.CLEAN, Representation.TIDY


def edited(name: str, old: str, new: str) -> Rule:
    """A rule with a piece of its steps' text replaced."""
    return _edited(BY_NAME[name], old, new)


def _edited(rule: Rule, old: str, new: str) -> Rule:
    text = "\n".join(step.text for step in rule.steps)
    assert text.count(old) == 1, text
    lines = [line for line in text.replace(old, new).splitlines() if line.strip()]
    return replace(rule, steps=parse_steps("\n".join(lines)))


def made(pattern: str, result: str, steps: str, **constants: object) -> Rule:
    """A rule that is not in the catalogue."""
    table = RuleTable()
    table.rule("control", pattern, result, steps, **constants)  # type: ignore[arg-type]
    return table.rules[0]


@dataclass(frozen=True, slots=True)
class Control:
    """A broken rule. `real`: z3's forgery is one on the machine too (not so where products or bits are forgotten)."""

    rule: Rule
    real: bool = True


_ROTATION = "1 - %f*r + x*%p :JMPN(fail)"
CONTROLS = {
    # a check dropped, one family after the other
    "quotient is a word": Control(edited("i32.shr_u.constant", "q :JMPN(fail)", "q")),
    "remainder is a word": Control(edited("i32.shr_u.constant", "=> y :JMPN(fail)", "=> y")),
    "remainder below the divisor": Control(edited("i32.shr_u.constant", "y - %d :JMPN(next, fail)", "")),
    "remainder below any divisor": Control(edited("i32.rem_u.constant", "y - %d :JMPN(next, fail)", ""), False),
    "remainder at most the divisor": Control(edited("i32.rem_u.constant", "y - %d :", "y - %d - 1 :"), False),
    "rotation is a word": Control(edited("i32.rotr.constant", "r :JMPN(fail)", "r")),
    "rotation is checked": Control(edited("i32.rotl.constant", _ROTATION, "")),
    "rotation with 0 for 1": Control(edited("i32.rotr.constant", "1 - %f*r", "0 - %f*r")),
    "rotation by 31 with the check of the others": Control(
        replace(
            BY_NAME["i32.rotr.constant"],
            guard=lambda c: c["s"] == 31,
            constants={**BY_NAME["i32.rotr.constant"].constants, "j": lambda c: 1},
        )
    ),
    "power of two checks its amount": Control(edited("zk.pow2_32", "e :JMPN(next, fail)", "e")),
    "power of two by the table of another": Control(edited("zk.pow2_64", "pow2_64_end", "pow2_32_end")),
    "leading zeros have a top bit": Control(edited("zk.clz_nz_32", "rot(m) - 0x80000000 :JMPN(fail)", "")),
    "leading zeros below the width": Control(edited("zk.clz_nz_64", "e :JMPN(next, fail)", "e")),
    "trailing zeros": Control(edited("zk.ctz_nz_64", "%top_long :ARITH(x, p, #0, d)", "")),
    "high word of a product": Control(edited("zk.mulhi_u", "ARITH(x, y, #0, d)", "ARITH(x, y, #0, #0)"), False),
    "high word of a product that is not checked": Control(
        edited("zk.mulhi_u", "${x * y} => r :ARITH(x, y, #0, d)", ""), False
    ),
    "product that is not checked": Control(edited("i32.mul", ":ARITH(x, y, #0, #0)", ""), False),
    "shift that is not checked": Control(edited("i64.shl.constant", ":ARITH(x, #p, #0, d)", "")),
    "remainder of words": Control(edited("i32.rem_u", "r - y :JMPN(next, fail)", ""), False),
    "quotient of words": Control(edited("i32.div_u", "r - y :JMPN(next, fail)", ""), False),
    "remainder of long numbers": Control(edited("i64.rem_u", "$ :LT(r, y), JMPC(next, fail)", ""), False),
    "long remainder compared in its low limb": Control(
        edited("i64.rem_u", "$ :LT(r, y), JMPC(next, fail)", "r - y :JMPN(next, fail)"), False
    ),
    "long divisor zero in its low limb": Control(edited("i64.div_u", "y + rot(y) :JMPZ", "y :JMPZ")),
    "normalised without a top bit": Control(edited("zk.shl_clz", "rot(m) - 0x80000000 :JMPN(fail)", "")),
    "remainder of a wide number": Control(edited("zk.rem_wide", "$ :LT(r, y), JMPC(next, fail)", ""), False),
    "wide quotient of the low word": Control(edited("zk.div_wide", "ARITH(q, y, r, h)", "ARITH(q, y, r, #0)"), False),
    "rest of a root": Control(edited("zk.sqrt_rest", "$ :LT(t, r), JMPC(fail, next)", ""), False),
    "root with a rest at most one too large": Control(
        edited("zk.sqrt", "LT(t, r), JMPC(fail", "LT(r, s), JMPC(fail"), False
    ),
    "significand with a bit too much": Control(edited("zk.significand", "rot(y)*1048576", "rot(y)*524288")),
    "trap without a reason": Control(edited("i32.div_u", "y :JMPZ", "x :JMPZ")),
    "the wrong trap": Control(edited("i32.div_u", "trap_integer_divide_by_zero", "trap_integer_overflow")),
    "sum of bytes that leaves room for 255 more": Control(edited("i32.popcnt", "4194304", "16777216")),
    "sum of bytes that is not checked to be a word": Control(edited("zk.popcnt_64", "=> y :JMPN(fail)", "=> y")),
    "pairs by the wrong fields": Control(edited("zk.popcnt_64", "AND(p, #nibbles)", "AND(p, #pairs)"), False),
    # promises that are not kept
    "sum of words is not clean": Control(replace(BY_NAME["i32.add"], result=CLEAN)),
    "and of words is not clean": Control(replace(BY_NAME["i32.and.word"], result=CLEAN), False),
    "quotient is not clean": Control(replace(BY_NAME["i32.shr_u.constant"], result=CLEAN)),
    "product of words is not clean": Control(replace(BY_NAME["i32.mul"], result=CLEAN), False),
    "high half is not clean": Control(replace(BY_NAME["zk.high"], result=CLEAN)),
    "a word is no long number": Control(made("i64.extend_i32_u(x:word)", "x:long", "")),
    # plausible mistakes
    "short quotient that may be one too small": Control(edited("i32.div_u.constant.short", "%c + x*%a", "x*%a")),
    "shift right with a quotient that is only a word": Control(
        made(
            "i32.shr_u(x:word, %s)",
            "h:tidy",
            """
            ${(x & 0xFFFFFFFF) >> %s} => h :JMPN(fail)
            x*%p - 4294967296*h :JMPN(fail)
            """,
            guard=lambda c: 2 <= c["s"] <= 31,
            p=lambda c: 1 << (32 - c["s"]),
        )
    ),
    "long branch on the low limbs": Control(made("br_if(i64.lt_u(x:long, y:long))", "", "x - y :JMPN(then, else)")),
    "long zero in its low limb": Control(made("br_if(i64.eqz(x:long))", "", "x :JMPZ(then, else)")),
    "signed branch compared as unsigned": Control(
        made("br_if(i64.lt_s(x:long, y:long))", "", "$ :LT(x, y), JMPC(then, else)")
    ),
    "branch the wrong way": Control(made("br_if(i32.lt_u(x:word, y:word))", "", "x - y :JMPN(else, then)")),
    "branch at equality": Control(made("br_if(i32.le_u(x:word, y:word))", "", "x - y :JMPN(then, else)")),
    "branch that falls through": Control(made("br_if(x:word)", "", "x :JMPNZ(then)"), False),
    "addition that wraps": Control(made("i32.add(x:clean, y:clean)", "r:clean", "x + y => r")),
    "operation swapped": Control(made("i64.sub(x:long, y:long)", "r:long", "$ => r :SUB(y, x)")),
    "comparison swapped": Control(made("i64.gt_s(x:long, y:long)", "r:clean", "$ => r :SLT(x, y)")),
}


def _accepts(rule: Rule, forgery: Forgery, meaning: Meaning | None = None) -> bool:
    """Whether the forgery proves something wrong on the machine."""
    constants = rule.solve({name: forgery.values[name] for name in forgery.values.keys() - forgery.operands.keys()})
    assert constants is not None
    queue = iter(forgery.advice)

    def advise(step: StepTemplate, operands: object) -> tuple[int, int]:
        return next(queue, (0, 0))

    outcome = MACHINE.run(rule.steps, forgery.operands, constants, advise)
    return outcome.path not in (VIOLATED, FAIL) and not right(rule, outcome, forgery.values, meaning)


@pytest.mark.parametrize("name", CONTROLS)
def test_broken_rule_is_refused(name: str) -> None:
    control = CONTROLS[name]
    with pytest.raises(UnprovedError) as caught:
        prove(control.rule)
    assert "unknown" not in str(caught.value)
    if control.real and caught.value.forgery is not None:
        assert _accepts(control.rule, caught.value.forgery), caught.value


@pytest.mark.parametrize(
    ("rule", "old", "new", "coefficients", "constant"),
    [
        (rule_of((1, 1, 1), 5), "r :JMPN(fail)", "r", (1, 1, 1), 5),
        (rule_of((1, -1), 0), "3 -", "1 -", (1, -1), 0),
        (rule_of((3, -5), 7), "7 -", "5 -", (3, -5), 7),
        (rule_of((3,), 0), "+ r*4294967295 :JMPN(fail)", "+ r*4294967295", (3,), 0),
        (rule_of((1, 1), 0), "- x1*4294967295*1", "", (1, 1), 0),
    ],
    ids=["sum is a word", "n for n + 1", "n for n + 1 with factors", "sum is checked", "a term left out"],
)
def test_broken_sum_is_refused(rule: Rule, old: str, new: str, coefficients: tuple[int, ...], constant: int) -> None:
    broken = _edited(rule, old, new)
    with pytest.raises(UnprovedError) as caught:
        prove(broken, symbolic_meaning(coefficients, constant))
    assert caught.value.forgery is not None
    assert _accepts(
        broken,
        caught.value.forgery,
        lambda *xs: (sum(k * x for k, x in zip(coefficients, xs, strict=True)) + constant) % WORD,
    )


def test_scale_model_finds_the_hole_of_the_largest_rotation() -> None:
    """With words of 4 bits: rotation by 3 with the check of the smaller ones."""
    rule = replace(BY_NAME["i32.rotr.constant_31"], steps=BY_NAME["i32.rotr.constant"].steps)
    with pytest.raises(ScaleError):
        check_scaled(rule)


def test_scale_model_finds_a_dropped_check() -> None:
    for rule in (CONTROLS["remainder is a word"].rule, CONTROLS["remainder of words"].rule):
        with pytest.raises(ScaleError):
            check_scaled(rule)


INCOMPLETE = {
    "advice that is no word of the product": edited("i64.shr_u.constant", "(x * %p) >> 64", "x >> %s"),
    "advice of a word that is not masked": edited("i32.div_u.constant", "(x & 0xFFFFFFFF) / %d", "x / %d"),
    "remainder of a word is not tidy": replace(BY_NAME["i32.rem_u.constant"], result=TIDY),
    "division without a trap": edited("i32.div_u", "y :JMPZ(trap_integer_divide_by_zero)", ""),
    "product of words with high word 0": edited("i32.mul.word", "ARITH(x, y, #0, d)", "ARITH(x, y, #0, #0)"),
    "rotation with too large a constant": edited("i32.rotr.constant", "1 - %f*r", "3221225472 - %f*r"),
    "trailing zeros with the wrong advice": edited("zk.ctz_nz_64", "${63 - ", "${64 - "),
    "unreduced sum in advice": made("i32.mul(i32.add(x:word, y:word), z:clean)", "r:word", "x + y => s\n${s * z} => r"),
}


@pytest.mark.parametrize("name", INCOMPLETE)
def test_incomplete_rule_is_refused(name: str) -> None:
    with pytest.raises(IncompleteError):
        check_complete(INCOMPLETE[name])


def test_an_op_without_meaning_is_unproved() -> None:
    with pytest.raises(UnprovedError, match="no meaning"):
        prove(made("i32.ctz(x:word)", "r:word", "${x} => r"))


def weakened(rule: Rule) -> list[Rule]:
    """The rule without one of its checks, for each of them. What gives `$` or a jump's target is none."""
    found = []
    for i, step in enumerate(rule.steps):
        for j, operation in enumerate(step.operations):
            decides = rule.output is None and i == len(rule.steps) - 1
            defines = step.defined and operation.name != "JMPC"
            if operation.name != "CALL" and not decides and not defines:
                operations = step.operations[:j] + step.operations[j + 1 :]
                found.append(
                    replace(rule, steps=(*rule.steps[:i], replace(step, operations=operations), *rule.steps[i + 1 :]))
                )
    return found


def _judge(rule: Rule) -> None:
    prove(rule)
    check_complete(rule)


@pytest.mark.parametrize("rule", [rule for rule in RULES if weakened(rule)], ids=lambda rule: rule.name)
def test_every_check_is_needed(rule: Rule) -> None:
    """Without any one check something wrong can be proved, or (without a trap's test) something right cannot."""
    for weaker in weakened(rule):
        with pytest.raises((UnprovedError, IncompleteError)):
            _judge(weaker)
