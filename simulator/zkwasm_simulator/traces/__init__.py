"""Traces on disk: every column of every state machine as a file that numpy loads.

`writing` writes one while the program runs, in memory that does not grow with the run; `reading` makes a `Trace` of it.
`trace.json` beside the columns says what they are. docs/constraints.md describes them.
"""
