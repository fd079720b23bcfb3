;; memory.fill and memory.copy with one byte a cell, where no address is better than another. Both check all their bytes
;; before they write one. Within an iteration the access that reaches furthest comes first: its check serves the others.
(module
  (memory 1)
  (func $outside (drop (i32.load8_u offset=0xffffffff (i32.const 0xffffffff))))
  (func $check (param $at i32) (param $count i32)
    (if (i64.gt_u
          (i64.add (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $count)))
          (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))
      (then (call $outside))))

  (func $fill (export "fill") (param $to i32) (param $byte i32) (param $count i32)
    (call $check (local.get $to) (local.get $count))
    (local.set $byte (i32.and (local.get $byte) (i32.const 255)))
    (block $rest
      (loop $sixteen
        (br_if $rest (i32.lt_u (local.get $count) (i32.const 16)))
        (i32.store8 offset=15 (local.get $to) (local.get $byte))
        (i32.store8 offset=14 (local.get $to) (local.get $byte))
        (i32.store8 offset=13 (local.get $to) (local.get $byte))
        (i32.store8 offset=12 (local.get $to) (local.get $byte))
        (i32.store8 offset=11 (local.get $to) (local.get $byte))
        (i32.store8 offset=10 (local.get $to) (local.get $byte))
        (i32.store8 offset=9 (local.get $to) (local.get $byte))
        (i32.store8 offset=8 (local.get $to) (local.get $byte))
        (i32.store8 offset=7 (local.get $to) (local.get $byte))
        (i32.store8 offset=6 (local.get $to) (local.get $byte))
        (i32.store8 offset=5 (local.get $to) (local.get $byte))
        (i32.store8 offset=4 (local.get $to) (local.get $byte))
        (i32.store8 offset=3 (local.get $to) (local.get $byte))
        (i32.store8 offset=2 (local.get $to) (local.get $byte))
        (i32.store8 offset=1 (local.get $to) (local.get $byte))
        (i32.store8 (local.get $to) (local.get $byte))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 16)))
        (br $sixteen)))
    (loop $tail
      (if (i32.eqz (local.get $count)) (then (return)))
      (i32.store8 (local.get $to) (local.get $byte))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $tail)))

  ;; Downwards where the target is above the source, so that no byte is overwritten before it is read. A pair of i32.load
  ;; and i32.store moves four bytes as they are; a load that is dropped is a check.
  (func $copy (export "copy") (param $to i32) (param $from i32) (param $count i32)
    (call $check (local.get $to) (local.get $count))
    (call $check (local.get $from) (local.get $count))
    (if (i32.gt_u (local.get $to) (local.get $from))
      (then
        (local.set $to (i32.add (local.get $to) (local.get $count)))
        (local.set $from (i32.add (local.get $from) (local.get $count)))
        (block $rest
          (loop $sixteen
            (br_if $rest (i32.lt_u (local.get $count) (i32.const 16)))
            (local.set $to (i32.sub (local.get $to) (i32.const 16)))
            (local.set $from (i32.sub (local.get $from) (i32.const 16)))
            (i32.store offset=12 (local.get $to) (i32.load offset=12 (local.get $from)))
            (i32.store offset=8 (local.get $to) (i32.load offset=8 (local.get $from)))
            (i32.store offset=4 (local.get $to) (i32.load offset=4 (local.get $from)))
            (i32.store (local.get $to) (i32.load (local.get $from)))
            (local.set $count (i32.sub (local.get $count) (i32.const 16)))
            (br $sixteen)))
        (loop $tail
          (if (i32.eqz (local.get $count)) (then (return)))
          (local.set $to (i32.sub (local.get $to) (i32.const 1)))
          (local.set $from (i32.sub (local.get $from) (i32.const 1)))
          (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $tail)))
      (else
        (block $rest
          (loop $sixteen
            (br_if $rest (i32.lt_u (local.get $count) (i32.const 16)))
            (drop (i32.load offset=12 (local.get $from)))
            (drop (i32.load offset=12 (local.get $to)))
            (i32.store (local.get $to) (i32.load (local.get $from)))
            (i32.store offset=4 (local.get $to) (i32.load offset=4 (local.get $from)))
            (i32.store offset=8 (local.get $to) (i32.load offset=8 (local.get $from)))
            (i32.store offset=12 (local.get $to) (i32.load offset=12 (local.get $from)))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (local.set $from (i32.add (local.get $from) (i32.const 16)))
            (local.set $count (i32.sub (local.get $count) (i32.const 16)))
            (br $sixteen)))
        (loop $tail
          (if (i32.eqz (local.get $count)) (then (return)))
          (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $tail))))))
