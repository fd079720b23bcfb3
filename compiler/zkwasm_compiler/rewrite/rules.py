"""Every rewrite rule: `RULES`, in the order in which they are tried."""

from __future__ import annotations

from zkwasm_compiler.rewrite.arithmetic import ARITHMETIC
from zkwasm_compiler.rewrite.comparisons import COMPARISONS
from zkwasm_compiler.rewrite.match import RuleSet
from zkwasm_compiler.rewrite.narrowing import NARROWING
from zkwasm_compiler.rewrite.rule import instantiate

RULES = RuleSet([*instantiate(ARITHMETIC), *instantiate(COMPARISONS), *instantiate(NARROWING)])
