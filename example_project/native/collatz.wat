(module
  ;; The Collatz walk from n: halve an even number, take 3n + 1 of an odd one, stop at 1.

  ;; collatz(n) -> (number of steps, greatest number met); traps (unreachable) for 0 and when 3n + 1 leaves 64 bits.
  (func (export "collatz") (param $n i64) (result i32 i64)
    (local $steps i32)
    (local $peak i64)
    (if (i64.eqz (local.get $n))
      (then unreachable))
    (local.set $peak (local.get $n))
    (block $done
      (loop $walk
        (br_if $done (i64.eq (local.get $n) (i64.const 1)))
        (if (i32.wrap_i64 (i64.and (local.get $n) (i64.const 1)))
          (then
            ;; 3n + 1 fits in 64 bits exactly when n <= (2**64 - 2) / 3
            (if (i64.gt_u (local.get $n) (i64.const 0x5555555555555554))
              (then unreachable))
            (local.set $n (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1)))
            (if (i64.gt_u (local.get $n) (local.get $peak))
              (then (local.set $peak (local.get $n)))))
          (else
            (local.set $n (i64.shr_u (local.get $n) (i64.const 1)))))
        (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
        (br $walk)))
    (local.get $steps)
    (local.get $peak)))
