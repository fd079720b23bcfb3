"""Lowering rules: trees of SSA ops on one side, sound sequences of steps on the other."""
