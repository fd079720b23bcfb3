"""What every compiled program carries around its functions: start, dispatch, end, traps, tables."""
