"""How a value can live in a register: the non-terminals of instruction selection.

A register has two limbs, field elements. *Proved* is what every prover is held to, *honest* what the honest one does.

| representation | low limb | high limb |
|---|---|---|
| CLEAN  | the i32, proved | 0, proved |
| TIDY   | the i32, proved | 0 when honest, otherwise anything |
| WORD   | the i32, proved | below 2^32 when honest, otherwise anything |
| LONG   | low 32 bits of the i64, proved | high 32 bits, proved |
| TIDY_INDEX | like INDEX | 0 when honest, otherwise anything |
| INDEX  | the index of a word of memory, a field element that may be negative, proved | anything |

Each of CLEAN, TIDY and WORD serves where the next is wanted, and TIDY_INDEX where an INDEX is. A CLEAN i32 is the LONG
of its zero extension, a LONG is the WORD of its low half.
"""

from __future__ import annotations

from enum import Enum


class Representation(Enum):
    """See the module's table."""

    CLEAN = "clean"
    TIDY = "tidy"
    WORD = "word"
    LONG = "long"
    TIDY_INDEX = "tidy index"
    INDEX = "index"

    def serves(self, wanted: Representation) -> bool:
        """Whether a register in this representation may be read where `wanted` is asked for, at no cost."""
        return self is wanted or wanted in _SERVES[self]


_SERVES = {
    Representation.CLEAN: frozenset({Representation.TIDY, Representation.WORD, Representation.LONG}),
    Representation.TIDY: frozenset({Representation.WORD}),
    Representation.WORD: frozenset[Representation](),
    Representation.LONG: frozenset({Representation.WORD}),
    Representation.TIDY_INDEX: frozenset({Representation.INDEX}),
    Representation.INDEX: frozenset[Representation](),
}
CLEAN, TIDY, WORD, LONG = Representation.CLEAN, Representation.TIDY, Representation.WORD, Representation.LONG
TIDY_INDEX, INDEX = Representation.TIDY_INDEX, Representation.INDEX
