"""SSA with block parameters: one node class, one op table."""
