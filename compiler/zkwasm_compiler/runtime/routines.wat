;; memory.fill and memory.copy for any addresses and count. Compiled into the programs that need them.
;; Every routine checks all its bytes before it writes one.
(module
  (memory 1)
  ;; What runtime.word_loops has: calls of these become ops. Addresses and count are multiples of four; a move reads from
  ;; 0 to 3 bytes beyond its source.
  (func $fill_words (export "fill_words") (param $to i32) (param $word i32) (param $count i32) (unreachable))
  (func $move_words_0 (export "move_words_0") (param $to i32) (param $from i32) (param $count i32) (unreachable))
  (func $move_words_1 (export "move_words_1") (param $to i32) (param $from i32) (param $count i32) (unreachable))
  (func $move_words_2 (export "move_words_2") (param $to i32) (param $from i32) (param $count i32) (unreachable))
  (func $move_words_3 (export "move_words_3") (param $to i32) (param $from i32) (param $count i32) (unreachable))

  ;; The first and the last word of what is filled may lie anywhere, the words between them are whole ones.
  (func $fill (export "fill") (param $to i32) (param $byte i32) (param $count i32)
    (local $word i32) (local $end i32) (local $first i32)
    (block $outside
      (br_if $outside (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $to)) (i64.extend_i32_u (local.get $count)))
        (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16))))
      (local.set $word (i32.mul (i32.and (local.get $byte) (i32.const 255)) (i32.const 0x01010101)))
      (if (i32.eqz (i32.and (i32.or (local.get $to) (local.get $count)) (i32.const 3)))
        (then (call $fill_words (local.get $to) (local.get $word) (local.get $count)) (return)))
      (local.set $end (i32.add (local.get $to) (local.get $count)))
      (if (i32.lt_u (local.get $count) (i32.const 4))
        (then
          (if (i32.eqz (local.get $count)) (then (return)))
          (i32.store8 (local.get $to) (local.get $word))
          (i32.store8 (i32.add (local.get $to) (i32.shr_u (local.get $count) (i32.const 1))) (local.get $word))
          (i32.store8 (i32.sub (local.get $end) (i32.const 1)) (local.get $word))
          (return)))
      (i32.store (local.get $to) (local.get $word))
      (local.set $first (i32.and (i32.add (local.get $to) (i32.const 3)) (i32.const -4)))
      (call $fill_words (local.get $first) (local.get $word)
        (i32.sub (i32.and (local.get $end) (i32.const -4)) (local.get $first)))
      (i32.store (i32.sub (local.get $end) (i32.const 4)) (local.get $word))
      (return))
    (drop (i32.load8_u offset=0xffffffff (i32.const 0xffffffff))))

  ;; The first and the last word are taken before anything is written, and put where they belong when the words between
  ;; have been moved, which are whole ones at the destination.
  (func $copy (export "copy") (param $to i32) (param $from i32) (param $count i32)
    (local $limit i64) (local $first i32) (local $last i32) (local $start i32) (local $source i32) (local $size i32)
    (local.set $limit (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))
    (block $outside
      (br_if $outside (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $to)) (i64.extend_i32_u (local.get $count))) (local.get $limit)))
      (br_if $outside (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $from)) (i64.extend_i32_u (local.get $count))) (local.get $limit)))
      (if (i32.eqz (i32.and (i32.const 3)
            (i32.or (i32.or (local.get $to) (local.get $from)) (local.get $count))))
        (then (call $move_words_0 (local.get $to) (local.get $from) (local.get $count)) (return)))
      (if (i32.lt_u (local.get $count) (i32.const 4))
        (then (call $copy_bytes (local.get $to) (local.get $from) (local.get $count)) (return)))
      (local.set $first (i32.load (local.get $from)))
      (local.set $last (i32.load (i32.sub (i32.add (local.get $from) (local.get $count)) (i32.const 4))))
      (local.set $start (i32.and (i32.add (local.get $to) (i32.const 3)) (i32.const -4)))
      (local.set $size
        (i32.sub (i32.and (i32.add (local.get $to) (local.get $count)) (i32.const -4)) (local.get $start)))
      (local.set $source (i32.add (local.get $from) (i32.sub (local.get $start) (local.get $to))))
      (block $moved
        (block $3 (block $2 (block $1 (block $0
          (br_table $0 $1 $2 $3 (i32.and (local.get $source) (i32.const 3))))
          (call $move_words_0 (local.get $start) (local.get $source) (local.get $size)) (br $moved))
          (call $move_words_1 (local.get $start) (i32.and (local.get $source) (i32.const -4)) (local.get $size))
          (br $moved))
          (call $move_words_2 (local.get $start) (i32.and (local.get $source) (i32.const -4)) (local.get $size))
          (br $moved))
        (call $move_words_3 (local.get $start) (i32.and (local.get $source) (i32.const -4)) (local.get $size)))
      (i32.store (local.get $to) (local.get $first))
      (i32.store (i32.sub (i32.add (local.get $to) (local.get $count)) (i32.const 4)) (local.get $last))
      (return))
    (drop (i32.load8_u offset=0xffffffff (i32.const 0xffffffff))))

  ;; Up to three bytes: the first, the middle one and the last may be the same.
  (func $copy_bytes (param $to i32) (param $from i32) (param $count i32)
    (local $middle i32) (local $end i32) (local $a i32) (local $b i32) (local $c i32)
    (if (i32.eqz (local.get $count)) (then (return)))
    (local.set $middle (i32.shr_u (local.get $count) (i32.const 1)))
    (local.set $end (i32.sub (local.get $count) (i32.const 1)))
    (local.set $a (i32.load8_u (local.get $from)))
    (local.set $b (i32.load8_u (i32.add (local.get $from) (local.get $middle))))
    (local.set $c (i32.load8_u (i32.add (local.get $from) (local.get $end))))
    (i32.store8 (local.get $to) (local.get $a))
    (i32.store8 (i32.add (local.get $to) (local.get $middle)) (local.get $b))
    (i32.store8 (i32.add (local.get $to) (local.get $end)) (local.get $c))))
