"""Random texts and edits: pieces of zkASM, whole and broken, with every kind of line end and character."""

from __future__ import annotations

from hypothesis import strategies as st

PIECES = (
    "A => B",
    "        $ => A :ADD, MSTORE(x)",
    "${A + mem.x} => C",
    "l1:",
    ":JMP(l1)",
    "A - B :JMPN(l1, l2)",
    "VAR GLOBAL x",
    "VAR CTX y[4]",
    "CONST %K = 1 +\t2",
    "%K => A",
    'INCLUDE "other.zkasm"',
    "$${log(A)}",
    '; a comment ${ " /*',
    "/* block",
    "*/",
    "/* one line */",
    "${",
    "$0{",
    "{",
    "}",
    '"',
    '""',
    "$",
    "@l1 => A",
    "A =>",
    "@",
    "§",
    "é",
    "𝒳",
    "\u2028",
    "\x0c",
    " ",
    "\t",
)
ENDS = ("\n", "\r\n", "\r", "\n\n", "")

pieces = st.sampled_from(PIECES)
ends = st.sampled_from(ENDS)
texts = st.lists(st.tuples(pieces, ends), max_size=14).map(lambda parts: "".join(a + b for a, b in parts))
snippets = st.one_of(pieces, ends, st.tuples(pieces, ends).map("".join), st.just(""))
