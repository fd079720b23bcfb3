;; memory.fill, memory.copy and memory.init for any operands. Compiled into the programs that need them.
;; Every routine checks all its bytes before it writes one.
(module
  (memory 1)
  ;; Calls of these become ops. `count_inside` traps if a memory of `count` bytes were larger than the memory, `inside`,
  ;; after it, if `count` bytes from `start` on are not all inside; start and count must not both be 0.
  (func $count_inside (export "count_inside") (param $count i32) (unreachable))
  (func $inside (export "inside") (param $start i32) (param $count i32) (unreachable))
  ;; What runtime.word_loops has. Addresses and count are multiples of four; a move reads from 0 to 3 bytes beyond its
  ;; source.
  (func $fill_words (export "fill_words") (param $to i32) (param $word i32) (param $count i32) (unreachable))
  (func $move_words_0 (export "move_words_0") (param $to i32) (param $from i32) (param $count i32) (unreachable))
  (func $move_words_1 (export "move_words_1") (param $to i32) (param $from i32) (param $count i32) (unreachable))
  (func $move_words_2 (export "move_words_2") (param $to i32) (param $from i32) (param $count i32) (unreachable))
  (func $move_words_3 (export "move_words_3") (param $to i32) (param $from i32) (param $count i32) (unreachable))

  ;; Nothing is filled or copied, and a trap is due where an address is beyond the end.
  (func $empty (param $address i32)
    (if (local.get $address) (then (call $inside (local.get $address) (i32.const 0)))))

  ;; The first and the last word of what is filled may lie anywhere, the words between them are whole ones.
  (func $fill (export "fill") (param $to i32) (param $byte i32) (param $count i32)
    (local $word i32) (local $end i32) (local $first i32)
    (if (i32.eqz (local.get $count)) (then (call $empty (local.get $to)) (return)))
    (call $count_inside (local.get $count))
    (call $inside (local.get $to) (local.get $count))
    (local.set $word (i32.mul (i32.and (local.get $byte) (i32.const 255)) (i32.const 0x01010101)))
    (if (i32.eqz (i32.and (i32.or (local.get $to) (local.get $count)) (i32.const 3)))
      (then (call $fill_words (local.get $to) (local.get $word) (local.get $count)) (return)))
    (if (i32.lt_u (local.get $count) (i32.const 4))
      (then
        (loop $next
          (i32.store8 (local.get $to) (local.get $byte))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
        (return)))
    (local.set $end (i32.add (local.get $to) (local.get $count)))
    (local.set $first (i32.and (i32.add (local.get $to) (i32.const 3)) (i32.const -4)))
    (call $fill_words (local.get $first) (local.get $word)
      (i32.sub (i32.and (local.get $end) (i32.const -4)) (local.get $first)))
    (call $store (local.get $to) (local.get $word))
    (call $store (i32.sub (local.get $end) (i32.const 4)) (local.get $word)))

  (func $store (param $to i32) (param $word i32) (i32.store (local.get $to) (local.get $word)))

  ;; The first and the last word are taken before anything is written, and put where they belong when the words between
  ;; have been moved, which are whole ones at the destination.
  (func $copy (export "copy") (param $to i32) (param $from i32) (param $count i32)
    (local $first i32) (local $last i32) (local $start i32) (local $source i32) (local $size i32)
    (if (i32.eqz (local.get $count))
      (then (call $empty (local.get $to)) (call $empty (local.get $from)) (return)))
    (call $count_inside (local.get $count))
    (call $inside (local.get $to) (local.get $count))
    (call $inside (local.get $from) (local.get $count))
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
    (call $store (local.get $to) (local.get $first))
    (call $store (i32.sub (i32.add (local.get $to) (local.get $count)) (i32.const 4)) (local.get $last)))

  ;; Upwards where the destination is below the source, otherwise downwards.
  (func $copy_bytes (param $to i32) (param $from i32) (param $count i32)
    (local $step i32)
    (local.set $step (i32.const 1))
    (if (i32.ge_u (local.get $to) (local.get $from))
      (then
        (local.set $step (i32.sub (local.get $count) (i32.const 1)))
        (local.set $to (i32.add (local.get $to) (local.get $step)))
        (local.set $from (i32.add (local.get $from) (local.get $step)))
        (local.set $step (i32.const -1))))
    (loop $next
      (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
      (local.set $to (i32.add (local.get $to) (local.get $step)))
      (local.set $from (i32.add (local.get $from) (local.get $step)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  (func $outside (drop (i32.load8_u offset=0xffffffff (i32.const 0xffffffff))))

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
