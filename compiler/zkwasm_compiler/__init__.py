"""The compiler core of hatch-zkwasm: WebAssembly to zkASM, and the zkASM assembler."""
