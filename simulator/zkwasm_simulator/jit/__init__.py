"""The simulator at native speed: zkASM programs as WebAssembly, which wasmtime compiles to machine code.

`engine.advance` runs a program as the reference interpreter does: the same results, counters and faults. `module` makes
the WebAssembly of a program, chunk by chunk (`flow`) and row by row (`rows`, of `step_value`, `operations` and
`memory_access`); `advice` writes the expressions `${…}` with the arithmetic of `numbers`. `encoder` makes bytes of it.
"""
