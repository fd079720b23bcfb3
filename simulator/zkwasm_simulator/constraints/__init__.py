"""Does a full execution satisfy all constraints of the machine?

The simulator judges the compiler; this package judges the simulator, and what a prover may do who does not use it.
"""
