"""The hatch build hook and the `zkwasm` command line."""

__version__ = "0.1.0"
