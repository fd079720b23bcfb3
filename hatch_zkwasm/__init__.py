"""The hatch build hook and the `zkwasm` command line.

`hooks` is what hatch loads, `plugin` the hook itself, `configuration` reads `[tool.zkwasm]`, `build` compiles what it
names without knowing hatch, `packed` reads back what was packed, `cli` and `commands` are the command line. Nothing is
imported here, so that each of them starts fast.
"""

__version__ = "0.1.0"
