;; What an access does when it is not aligned and not within one word, memory.fill, memory.copy and memory.init.
;; Compiled into the programs that need them; every routine checks all its bytes before it writes one.
(module
  (memory 1)
  (func $load16 (export "load16") (param $p i32) (result i32)
    (i32.or (i32.load8_u (local.get $p)) (i32.shl (i32.load8_u offset=1 (local.get $p)) (i32.const 8))))
  (func $load32 (export "load32") (param $p i32) (result i32)
    (i32.add
      (i32.add (i32.load8_u (local.get $p)) (i32.shl (i32.load8_u offset=1 (local.get $p)) (i32.const 8)))
      (i32.add
        (i32.shl (i32.load8_u offset=2 (local.get $p)) (i32.const 16))
        (i32.shl (i32.load8_u offset=3 (local.get $p)) (i32.const 24)))))
  (func $load64 (export "load64") (param $p i32) (result i64)
    (local $high i32)
    (drop (i32.load8_u offset=7 (local.get $p)))
    (local.set $high (call $load32 (i32.add (local.get $p) (i32.const 4))))
    (i64.or
      (i64.shl (i64.extend_i32_u (local.get $high)) (i64.const 32))
      (i64.extend_i32_u (call $load32 (local.get $p)))))
  (func $store16 (export "store16") (param $p i32) (param $value i32)
    (i32.store8 offset=1 (local.get $p) (i32.shr_u (local.get $value) (i32.const 8)))
    (i32.store8 (local.get $p) (local.get $value)))
  (func $store32 (export "store32") (param $p i32) (param $value i32)
    (i32.store8 offset=3 (local.get $p) (i32.shr_u (local.get $value) (i32.const 24)))
    (i32.store8 offset=2 (local.get $p) (i32.shr_u (local.get $value) (i32.const 16)))
    (i32.store8 offset=1 (local.get $p) (i32.shr_u (local.get $value) (i32.const 8)))
    (i32.store8 (local.get $p) (local.get $value)))
  (func $store64 (export "store64") (param $p i32) (param $value i64)
    (drop (i32.load8_u offset=7 (local.get $p)))
    (call $store32 (i32.add (local.get $p) (i32.const 4))
      (i32.wrap_i64 (i64.shr_u (local.get $value) (i64.const 32))))
    (call $store32 (local.get $p) (i32.wrap_i64 (local.get $value))))

  (func $fill (export "fill") (param $to i32) (param $byte i32) (param $count i32)
    (local $word i32)
    (block $outside
      (br_if $outside (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $to)) (i64.extend_i32_u (local.get $count)))
        (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16))))
      (block $aligned
        (loop $head
          (br_if $aligned (i32.eqz (i32.and (local.get $to) (i32.const 3))))
          (if (i32.eqz (local.get $count)) (then (return)))
          (i32.store8 (local.get $to) (local.get $byte))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $head)))
      (local.set $word (i32.mul (i32.and (local.get $byte) (i32.const 255)) (i32.const 0x01010101)))
      (block $rest
        (loop $words
          (br_if $rest (i32.lt_u (local.get $count) (i32.const 4)))
          (i32.store (local.get $to) (local.get $word))
          (local.set $to (i32.add (local.get $to) (i32.const 4)))
          (local.set $count (i32.sub (local.get $count) (i32.const 4)))
          (br $words)))
      (loop $tail
        (if (i32.eqz (local.get $count)) (then (return)))
        (i32.store8 (local.get $to) (local.get $byte))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $tail)))
    (call $outside))
  (func $outside (drop (i32.load8_u offset=0xffffffff (i32.const 0xffffffff))))

  (func $copy (export "copy") (param $to i32) (param $from i32) (param $count i32)
    (local $limit i64)
    (local.set $limit (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))
    (block $outside
      (br_if $outside (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $to)) (i64.extend_i32_u (local.get $count))) (local.get $limit)))
      (br_if $outside (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $from)) (i64.extend_i32_u (local.get $count))) (local.get $limit)))
      (if (i32.gt_u (local.get $to) (local.get $from))
        (then
          (loop $down
            (if (i32.eqz (local.get $count)) (then (return)))
            (if (i32.and (i32.ge_u (local.get $count) (i32.const 4))
                  (i32.eqz (i32.and (i32.const 3) (i32.or
                    (i32.add (local.get $to) (local.get $count)) (i32.add (local.get $from) (local.get $count))))))
              (then
                (local.set $count (i32.sub (local.get $count) (i32.const 4)))
                (i32.store (i32.add (local.get $to) (local.get $count))
                  (i32.load (i32.add (local.get $from) (local.get $count)))))
              (else
                (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                (i32.store8 (i32.add (local.get $to) (local.get $count))
                  (i32.load8_u (i32.add (local.get $from) (local.get $count))))))
            (br $down)))
        (else
          (loop $up
            (if (i32.eqz (local.get $count)) (then (return)))
            (if (i32.and (i32.ge_u (local.get $count) (i32.const 4))
                  (i32.eqz (i32.and (i32.const 3) (i32.or (local.get $to) (local.get $from)))))
              (then
                (i32.store (local.get $to) (i32.load (local.get $from)))
                (local.set $to (i32.add (local.get $to) (i32.const 4)))
                (local.set $from (i32.add (local.get $from) (i32.const 4)))
                (local.set $count (i32.sub (local.get $count) (i32.const 4))))
              (else
                (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
                (local.set $to (i32.add (local.get $to) (i32.const 1)))
                (local.set $from (i32.add (local.get $from) (i32.const 1)))
                (local.set $count (i32.sub (local.get $count) (i32.const 1)))))
            (br $up))))
      (return))
    (call $outside))

  ;; A word of the table of passive segments; not a function of the program, see routines.py.
  (func $segment_word (export "segment_word") (param $index i32) (result i32) (local.get $index))
  ;; $length: the bytes of the segment, 0 when it is dropped; $first: where the table has its first word.
  (func $init (export "init") (param $to i32) (param $from i32) (param $count i32) (param $length i32) (param $first i32)
    (local $word i32)
    (block $outside
      (br_if $outside (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $from)) (i64.extend_i32_u (local.get $count)))
        (i64.extend_i32_u (local.get $length))))
      (br_if $outside (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $to)) (i64.extend_i32_u (local.get $count)))
        (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16))))
      (loop $next
        (if (i32.eqz (local.get $count)) (then (return)))
        (local.set $word
          (call $segment_word (i32.add (local.get $first) (i32.shr_u (local.get $from) (i32.const 2)))))
        (if (i32.and (i32.ge_u (local.get $count) (i32.const 4))
              (i32.eqz (i32.and (i32.const 3) (i32.or (local.get $to) (local.get $from)))))
          (then
            (i32.store (local.get $to) (local.get $word))
            (local.set $to (i32.add (local.get $to) (i32.const 4)))
            (local.set $from (i32.add (local.get $from) (i32.const 4)))
            (local.set $count (i32.sub (local.get $count) (i32.const 4))))
          (else
            (i32.store8 (local.get $to)
              (i32.shr_u (local.get $word) (i32.shl (i32.and (local.get $from) (i32.const 3)) (i32.const 3))))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))
            (local.set $from (i32.add (local.get $from) (i32.const 1)))
            (local.set $count (i32.sub (local.get $count) (i32.const 1)))))
        (br $next)))
    (call $outside)))
