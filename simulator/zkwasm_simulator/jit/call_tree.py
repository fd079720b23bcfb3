"""Who calls whom, counted while the code runs: a tree of calls, in a WebAssembly module of its own.

A node is a function in the context of its callers; a function that is called from within itself goes back to the node
that it has on the path, so that recursion makes no new ones. At each CALL and RETURN the difference of all counters
since the one before is added to the node that was current.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

TALLIES = ("arith", "binary", "mem_align", "memory", "keccak")
"""What is counted besides steps, in the order of the parameters."""

_NODE = struct.Struct("<iiiiq6q8x")
_NODE_PAGES, _STACK_PAGES = 256, 64
MOST_NODES = _NODE_PAGES * 65536 // _NODE.size
MOST_DEPTH = _STACK_PAGES * 65536 // 4
_COUNTERS = ("steps", *TALLIES)


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A node as the module has it: the row that was called, the node of the caller (−1: none), and what is counted."""

    target: int
    parent: int
    calls: int
    counters: tuple[int, ...]


def call_tree_text() -> str:
    """The module: `enter(target, steps, …)`, `leave(steps, …)` and, last, `settle(steps, …)` take the counters as they
    are; `lost` are calls for which there was no room."""
    counters = "".join(f"(param ${name} i64)" for name in _COUNTERS)
    given = " ".join(f"(local.get ${name})" for name in _COUNTERS)
    last = "".join(f"(global ${name} (mut i64) (i64.const 0))\n" for name in _COUNTERS)
    add = "".join(
        f"""
        (i64.store offset={24 + 8 * number} (local.get $at) (i64.add (i64.load offset={24 + 8 * number} (local.get $at))
          (i64.sub (local.get ${name}) (global.get ${name}))))
        (global.set ${name} (local.get ${name}))"""
        for number, name in enumerate(_COUNTERS)
    )
    size = _NODE.size
    return f"""
(module
  (memory $nodes (export "nodes") {_NODE_PAGES} {_NODE_PAGES})
  (memory $stack {_STACK_PAGES} {_STACK_PAGES})
  (global $node (mut i32) (i32.const 0))
  (global $count (export "count") (mut i32) (i32.const 1))
  (global $depth (mut i32) (i32.const 0))
  (global $lost (export "lost") (mut i64) (i64.const 0))
  {last}
  (data (i32.const 0) "\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\01")

  (func $lose (global.set $lost (i64.add (global.get $lost) (i64.const 1))))

  (func $settle (export "settle") {counters} (local $at i32)
    (local.set $at (i32.mul (global.get $node) (i32.const {size}))){add})

  (func $find (param $target i32) (result i32) (local $at i32) (local $next i32)
    ;; a function on the path
    (local.set $next (global.get $node))
    (loop $up
      (local.set $at (i32.mul (local.get $next) (i32.const {size})))
      (if (i32.eq (i32.load (local.get $at)) (local.get $target)) (then (return (local.get $next))))
      (local.set $next (i32.load offset=4 (local.get $at)))
      (br_if $up (i32.ge_s (local.get $next) (i32.const 0))))
    ;; a function that was called from here before
    (local.set $next (i32.load offset=8 (i32.mul (global.get $node) (i32.const {size}))))
    (block $none (loop $sibling
      (br_if $none (i32.lt_s (local.get $next) (i32.const 0)))
      (local.set $at (i32.mul (local.get $next) (i32.const {size})))
      (if (i32.eq (i32.load (local.get $at)) (local.get $target)) (then (return (local.get $next))))
      (local.set $next (i32.load offset=12 (local.get $at)))
      (br $sibling)))
    ;; a new one; when there is no room the caller goes on
    (if (i32.ge_u (global.get $count) (i32.const {MOST_NODES})) (then (call $lose) (return (global.get $node))))
    (local.set $next (global.get $count))
    (global.set $count (i32.add (local.get $next) (i32.const 1)))
    (local.set $at (i32.mul (local.get $next) (i32.const {size})))
    (i32.store (local.get $at) (local.get $target))
    (i32.store offset=4 (local.get $at) (global.get $node))
    (i32.store offset=8 (local.get $at) (i32.const -1))
    (i32.store offset=12 (local.get $at) (i32.load offset=8 (i32.mul (global.get $node) (i32.const {size}))))
    (i32.store offset=8 (i32.mul (global.get $node) (i32.const {size})) (local.get $next))
    (local.get $next))

  (func (export "enter") (param $target i32) {counters} (local $at i32)
    (call $settle {given})
    (if (i32.lt_u (global.get $depth) (i32.const {MOST_DEPTH}))
      (then (i32.store $stack (i32.shl (global.get $depth) (i32.const 2)) (global.get $node)))
      (else (call $lose)))
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (global.set $node (call $find (local.get $target)))
    (local.set $at (i32.mul (global.get $node) (i32.const {size})))
    (i64.store offset=16 (local.get $at) (i64.add (i64.load offset=16 (local.get $at)) (i64.const 1))))

  (func (export "leave") {counters}
    (call $settle {given})
    (if (i32.eqz (global.get $depth)) (then (return)))
    (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
    (if (i32.lt_u (global.get $depth) (i32.const {MOST_DEPTH})) (then
      (global.set $node (i32.load $stack (i32.shl (global.get $depth) (i32.const 2))))))))
"""


@cache
def _module(engine: Any) -> Any:
    from wasmtime import Module, wat2wasm

    return Module(engine, bytes(wat2wasm(call_tree_text())))


class CallTree:
    """An instance of the module: the calls of one run."""

    def __init__(self, engine: Any, store: Any) -> None:
        from wasmtime import Instance

        self._store = store
        self._exports: Any = Instance(store, _module(engine), []).exports(store)
        self.enter: Any = self._exports["enter"]
        self.leave: Any = self._exports["leave"]

    def settle(self, counters: tuple[int, ...]) -> None:
        """The run is over: what was counted last belongs to the current node."""
        self._exports["settle"](self._store, *counters)

    @property
    def lost(self) -> int:
        """Calls that the tree has not seen as such: it was full, or they were too deep."""
        count: int = self._exports["lost"].value(self._store)
        return count

    def nodes(self) -> Iterator[TreeNode]:
        """All nodes; the first is where the run began, and a caller comes before whom it calls."""
        count = self._exports["count"].value(self._store)
        content = self._exports["nodes"].read(self._store, 0, count * _NODE.size)
        for target, parent, _, _, calls, *counters in _NODE.iter_unpack(bytes(content)):
            yield TreeNode(target, parent, calls, tuple(counters))
