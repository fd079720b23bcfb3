  ;; f32 on the bits of its operands, in the same way as f64: there the comments are. A NaN that is made is 0x7fc00000.
  (func $round (param $s i32) (param $fraction i32) (result i32)
    (if (i32.lt_u (local.get $fraction) (i32.const 0x80000000)) (then (return (local.get $s))))
    (if (i32.eq (local.get $fraction) (i32.const 0x80000000))
      (then (return (call $zk.add_nw (local.get $s) (i32.and (local.get $s) (i32.const 1))))))
    (call $zk.add_nw (local.get $s) (i32.const 1)))
  (func $is_nan (param $x i32) (result i32)
    (if (i32.lt_u (local.get $x) (i32.const 0x7f800001)) (then (return (i32.const 0))))
    (if (i32.lt_u (local.get $x) (i32.const 0x80000000)) (then (return (i32.const 1))))
    (i32.lt_u (i32.const 0xff800000) (local.get $x)))
  (func $is_negative (param $x i32) (result i32) (i32.ge_u (local.get $x) (i32.const 0x80000000)))
  (func $fraction_of (param $x i32) (result i32) (i32.and (local.get $x) (i32.const 0x7fffff)))
  ;; The exponent where it is, from bit 23 on.
  (func $exponent_of (param $x i32) (result i32) (i32.and (local.get $x) (i32.const 0x7f800000)))

  ;; Comparisons. Patterns without sign are ordered as what they stand for, those with a sign the other way round.
  (func (export "float.eq_f32") (param $x i32) (param $y i32) (result i32)
    (if (i32.eq (local.get $x) (local.get $y))
      (then
        (if (i32.lt_u (local.get $x) (i32.const 0x7f800000)) (then (return (i32.const 1))))
        (return (i32.eqz (call $is_nan (local.get $x))))))
    ;; both are 0
    (if (i32.eq (i32.or (local.get $x) (local.get $y)) (i32.const 0x80000000)) (then (return (i32.const 1))))
    (i32.const 0))
  (func (export "float.lt_f32") (param $x i32) (param $y i32) (result i32)
    (if (i32.lt_u (local.get $x) (local.get $y)) (then (return (i32.le_u (local.get $y) (i32.const 0x7f800000)))))
    (if (i32.lt_u (local.get $x) (i32.const 0x80000000)) (then (return (i32.const 0))))
    (if (i32.lt_u (i32.const 0xff800000) (local.get $x)) (then (return (i32.const 0))))
    (if (i32.ge_u (local.get $y) (i32.const 0x80000000)) (then (return (i32.ne (local.get $x) (local.get $y)))))
    (if (i32.lt_u (i32.const 0x7f800000) (local.get $y)) (then (return (i32.const 0))))
    (i32.ne (i32.or (local.get $x) (local.get $y)) (i32.const 0x80000000)))
  (func (export "float.le_f32") (param $x i32) (param $y i32) (result i32)
    (if (i32.lt_u (local.get $y) (local.get $x))
      (then
        (if (i32.lt_u (local.get $x) (i32.const 0x80000000)) (then (return (i32.const 0))))
        (if (i32.lt_u (i32.const 0xff800000) (local.get $x)) (then (return (i32.const 0))))
        (if (i32.ge_u (local.get $y) (i32.const 0x80000000)) (then (return (i32.const 1))))
        (return (i32.le_u (local.get $y) (i32.const 0x7f800000)))))
    (if (i32.le_u (local.get $y) (i32.const 0x7f800000)) (then (return (i32.const 1))))
    (if (i32.lt_u (local.get $y) (i32.const 0x80000000)) (then (return (i32.const 0))))
    ;; y has a sign: x is the same, or both are 0
    (if (i32.eq (local.get $x) (local.get $y)) (then (return (i32.le_u (local.get $y) (i32.const 0xff800000)))))
    (i32.eq (i32.or (local.get $x) (local.get $y)) (i32.const 0x80000000)))
  (func (export "float.min_f32") (param $x i32) (param $y i32) (result i32)
    (if (i32.lt_u (local.get $x) (local.get $y)) (then (return (call $min_ordered (local.get $y) (local.get $x)))))
    (call $min_ordered (local.get $x) (local.get $y)))
  (func $min_ordered (param $x i32) (param $y i32) (result i32)
    (if (i32.lt_u (local.get $x) (i32.const 0x7f800000)) (then (return (local.get $y))))
    (block $other
      (br_if $other (i32.lt_u (local.get $x) (i32.const 0x80000000)))
      (br_if $other (i32.lt_u (i32.const 0xff800000) (local.get $x)))
      (br_if $other (i32.lt_u (local.get $y) (i32.const 0x80000000)))
      (return (local.get $x)))
    (call $min_other (local.get $x) (local.get $y)))
  (func $min_other (export "min_other_f32") (param $x i32) (param $y i32) (result i32)
    (if (call $is_nan (local.get $x)) (then (return (i32.const 0x7fc00000))))
    (if (call $is_nan (local.get $y)) (then (return (i32.const 0x7fc00000))))
    (if (call $is_negative (local.get $x)) (then (return (local.get $x))))
    (local.get $y))
  (func (export "float.max_f32") (param $x i32) (param $y i32) (result i32)
    (if (i32.lt_u (local.get $x) (local.get $y)) (then (return (call $max_ordered (local.get $y) (local.get $x)))))
    (call $max_ordered (local.get $x) (local.get $y)))
  (func $max_ordered (param $x i32) (param $y i32) (result i32)
    (if (i32.lt_u (local.get $x) (i32.const 0x7f800000)) (then (return (local.get $x))))
    (block $other
      (br_if $other (i32.lt_u (local.get $x) (i32.const 0x80000000)))
      (br_if $other (i32.lt_u (i32.const 0xff800000) (local.get $x)))
      (br_if $other (i32.lt_u (local.get $y) (i32.const 0x80000000)))
      (return (local.get $y)))
    (call $max_other (local.get $x) (local.get $y)))
  (func $max_other (export "max_other_f32") (param $x i32) (param $y i32) (result i32)
    (if (call $is_nan (local.get $x)) (then (return (i32.const 0x7fc00000))))
    (if (call $is_nan (local.get $y)) (then (return (i32.const 0x7fc00000))))
    (if (call $is_negative (local.get $x)) (then (return (local.get $y))))
    (local.get $x))

  ;; Exponents are what exponent_of gives, in units of 0x800000, signs 0 or 0x80000000.
  (func (export "float.add_f32") (param $x i32) (param $y i32) (result i32)
    (local $larger i32) (local $smaller i32) (local $magnitude i32)
    (if (i32.lt_u (local.get $x) (local.get $y))
      (then (local.set $larger (local.get $x)) (local.set $x (local.get $y)) (local.set $y (local.get $larger))))
    (block $same
      (block $other
        (block $zero
          (block $negative
            (br_if $negative (i32.ge_u (local.get $x) (i32.const 0x7f000000)))
            (br_if $zero (i32.lt_u (local.get $y) (i32.const 0x800000)))
            (br $same))
          (br_if $other (i32.ge_u (local.get $x) (i32.const 0xff000000)))
          (br_if $same (i32.ge_u (local.get $y) (i32.const 0x80800000)))
          (br_if $other (i32.lt_u (local.get $x) (i32.const 0x80800000)))
          (br_if $other (i32.ge_u (local.get $y) (i32.const 0x7f800000)))
          (br_if $zero (i32.lt_u (local.get $y) (i32.const 0x800000)))
          ;; x is negative, y positive
          (local.set $larger (local.get $x))
          (local.set $magnitude (call $zk.sub_nw (local.get $x) (i32.const 0x80000000)))
          (local.set $smaller (local.get $y))
          (if (i32.lt_u (local.get $magnitude) (local.get $y))
            (then
              (local.set $smaller (local.get $magnitude))
              (local.set $magnitude (local.get $y))
              (local.set $larger (local.get $y))))
          (return (call $sub_magnitudes (local.get $larger) (call $fraction_of (local.get $magnitude))
            (call $zk.add_nw (call $fraction_of (local.get $smaller)) (i32.const 0x800000))
            (call $distance (local.get $magnitude) (local.get $smaller)))))
        (if (i32.eqz (local.get $y)) (then (return (local.get $x)))))
      (return (call $add_other (local.get $x) (local.get $y))))
    (call $add_magnitudes (local.get $x) (call $fraction_of (local.get $x))
      (call $zk.add_nw (call $fraction_of (local.get $y)) (i32.const 0x800000))
      (call $distance (local.get $x) (local.get $y))))
  (func $distance (param $x i32) (param $y i32) (result i32)
    (call $zk.sub_nw
      (call $zk.sub_nw (local.get $x) (call $fraction_of (local.get $x)))
      (call $zk.sub_nw (local.get $y) (call $fraction_of (local.get $y)))))
  (func $add_magnitudes (param $x i32) (param $fraction i32) (param $significand i32) (param $distance i32) (result i32)
    (local $power i64) (local $rest i64) (local $part i32) (local $sum i32)
    (if (i32.eqz (local.get $distance))
      (then
        (return (call $half (call $zk.add_nw (call $zk.add_nw (local.get $fraction) (i32.const 0x800000))
          (local.get $significand)) (call $zk.sub_nw (local.get $x) (local.get $fraction))))))
    (if (i32.ge_u (local.get $distance) (i32.const 0xd000000)) (then (return (local.get $x))))
    ;; rounded: the rest is that of a half more
    (local.set $power (call $zk.rpow2_64 (call $zk.div_exact (local.get $distance) (i32.const 0x800000))))
    (local.set $part (call $zk.low (call $zk.mulhi_add (i64.extend_i32_u (local.get $significand)) (local.get $power)
      (i64.const 0x8000000000000000))))
    (local.set $rest (call $zk.mullo_add (i64.extend_i32_u (local.get $significand)) (local.get $power)
      (i64.const 0x8000000000000000)))
    (if (i32.lt_u (call $zk.add_nw (local.get $fraction) (local.get $part)) (i32.const 0x800000))
      (then
        (local.set $sum (call $zk.add_nw (local.get $x) (local.get $part)))
        (if (i64.eqz (local.get $rest))
          (then (local.set $sum (call $zk.sub_nw (local.get $sum) (i32.and (local.get $sum) (i32.const 1))))))
        (return (local.get $sum))))
    (local.set $sum
      (call $zk.add_nw (call $zk.add_nw (local.get $fraction) (i32.const 0x800000)) (local.get $part)))
    (local.set $part (call $zk.low (call $zk.mulhi_add (i64.extend_i32_u (local.get $sum))
      (i64.const 0x8000000000000000) (local.get $rest))))
    (if (i64.eqz (call $zk.mullo_add (i64.extend_i32_u (local.get $sum)) (i64.const 0x8000000000000000)
        (local.get $rest)))
      (then
        ;; without a rest in the beginning it is less than a half that is lost
        (if (i64.ne (local.get $rest) (i64.const 0))
          (then (local.set $part (call $zk.sub_nw (local.get $part) (i32.and (local.get $part) (i32.const 1))))))))
    (call $zk.add_nw (call $zk.sub_nw (local.get $x) (local.get $fraction)) (local.get $part)))
  ;; Half of a significand under $top.
  (func $half (param $significand i32) (param $top i32) (result i32)
    (local $half i32) (local $sum i32)
    (local.set $half (i32.shr_u (local.get $significand) (i32.const 1)))
    (local.set $sum (call $zk.add_nw (local.get $half) (local.get $top)))
    (if (i32.eq (local.get $significand) (call $zk.mul_nw_32 (local.get $half) (i32.const 2)))
      (then (return (local.get $sum))))
    (call $zk.add_nw (local.get $sum) (i32.and (local.get $sum) (i32.const 1))))
  (func $sub_magnitudes (param $x i32) (param $fraction i32) (param $significand i32) (param $distance i32) (result i32)
    (local $power i64) (local $rest i64) (local $part i32) (local $left i32)
    (if (i32.eqz (local.get $distance))
      (then
        (local.set $left
          (call $zk.sub_nw (call $zk.add_nw (local.get $fraction) (i32.const 0x800000)) (local.get $significand)))
        (if (i32.eqz (local.get $left)) (then (return (i32.const 0))))
        (return (call $normalise (local.get $left) (call $zk.sub_nw (local.get $x) (local.get $fraction))))))
    (if (i32.ge_u (local.get $distance) (i32.const 0xd000000)) (then (return (local.get $x))))
    (local.set $power (call $zk.rpow2_64 (call $zk.div_exact (local.get $distance) (i32.const 0x800000))))
    (local.set $part (call $zk.low (call $zk.mulhi_add (i64.extend_i32_u (local.get $significand)) (local.get $power)
      (i64.const 0x8000000000000000))))
    (local.set $rest (call $zk.mullo_add (i64.extend_i32_u (local.get $significand)) (local.get $power)
      (i64.const 0x8000000000000000)))
    (block $lost
      (if (i32.lt_u (local.get $fraction) (call $zk.add_nw (local.get $part) (i32.const 1)))
        (then
          (br_if $lost (i32.ne (local.get $fraction) (local.get $part)))
          ;; perhaps less than nothing is left
          (br_if $lost (i64.lt_u (i64.const 0x8000000000000000) (local.get $rest)))
          (return (call $zk.sub_nw (local.get $x) (local.get $fraction)))))
      (local.set $left (call $zk.sub_nw (local.get $x) (local.get $part)))
      (if (i64.eqz (local.get $rest))
        (then (local.set $left (call $zk.add_nw (local.get $left) (i32.and (local.get $left) (i32.const 1))))))
      (return (local.get $left)))
    ;; one more bit in front, and more only where nothing is behind
    (if (i32.eq (local.get $distance) (i32.const 0x800000))
      (then
        (local.set $left (call $zk.sub_nw
          (call $zk.mul_nw_32 (call $zk.add_nw (local.get $fraction) (i32.const 0x800000)) (i32.const 2))
          (local.get $significand)))
        (if (i32.ge_u (local.get $left) (i32.const 0x800000))
          (then
            (return (call $zk.add_nw
              (call $zk.sub_nw (call $zk.sub_nw (local.get $x) (local.get $fraction)) (i32.const 0x1000000))
              (local.get $left)))))
        (return (call $normalise (local.get $left)
          (call $zk.sub_nw (call $zk.sub_nw (local.get $x) (local.get $fraction)) (i32.const 0x800000))))))
    (local.set $power (i64.add (local.get $power) (local.get $power)))
    (local.set $part (call $zk.low (call $zk.mulhi_add (i64.extend_i32_u (local.get $significand)) (local.get $power)
      (i64.const 0x8000000000000000))))
    (local.set $rest (call $zk.mullo_add (i64.extend_i32_u (local.get $significand)) (local.get $power)
      (i64.const 0x8000000000000000)))
    (local.set $left (call $zk.sub_nw (call $zk.add_nw (local.get $x) (local.get $fraction)) (local.get $part)))
    (if (i64.eqz (local.get $rest))
      (then (local.set $left (call $zk.add_nw (local.get $left) (i32.and (local.get $left) (i32.const 1))))))
    (local.get $left))
  ;; x + y where one is infinite, a NaN, 0 or below the normal numbers, or has their greatest exponent.
  (func $add_other (export "add_other_f32") (param $x i32) (param $y i32) (result i32)
    (local $exponent i32) (local $other_exponent i32) (local $swap i32) (local $fraction i32) (local $significand i32)
    (if (call $is_nan (local.get $x)) (then (return (i32.const 0x7fc00000))))
    (if (call $is_nan (local.get $y)) (then (return (i32.const 0x7fc00000))))
    (local.set $exponent (call $exponent_of (local.get $x)))
    (local.set $other_exponent (call $exponent_of (local.get $y)))
    (if (i32.lt_u (local.get $exponent) (local.get $other_exponent))
      (then
        (local.set $swap (local.get $x)) (local.set $x (local.get $y)) (local.set $y (local.get $swap))
        (local.set $exponent (local.get $other_exponent))
        (local.set $other_exponent (call $exponent_of (local.get $y)))))
    (if (i32.eq (local.get $other_exponent) (i32.const 0x7f800000))
      (then (if (i32.ne (local.get $x) (local.get $y)) (then (return (i32.const 0x7fc00000))))))
    (if (i32.eq (local.get $exponent) (i32.const 0x7f800000)) (then (return (local.get $x))))
    (if (i32.lt_u (local.get $exponent) (i32.const 0x1000000))
      (then (return (call $add_smallest (local.get $x) (local.get $y)))))
    (if (i32.eqz (i32.and (local.get $y) (i32.const 0x7fffffff))) (then (return (local.get $x))))
    (local.set $significand (call $fraction_of (local.get $y)))
    (if (local.get $other_exponent)
      (then (local.set $significand (call $zk.add_nw (local.get $significand) (i32.const 0x800000))))
      (else (local.set $other_exponent (i32.const 0x800000))))
    (local.set $fraction (call $fraction_of (local.get $x)))
    (if (call $is_negative (i32.xor (local.get $x) (local.get $y)))
      (then
        (if (i32.eq (local.get $exponent) (local.get $other_exponent))
          (then
            (if (i32.lt_u (local.get $fraction) (call $fraction_of (local.get $y)))
              (then
                (local.set $x (local.get $y))
                (local.set $significand (call $zk.add_nw (local.get $fraction) (i32.const 0x800000)))
                (local.set $fraction (call $fraction_of (local.get $x)))))))
        (return (call $sub_magnitudes (local.get $x) (local.get $fraction) (local.get $significand)
          (call $zk.sub_nw (local.get $exponent) (local.get $other_exponent))))))
    (if (i32.eq (local.get $exponent) (local.get $other_exponent))
      (then
        (if (i32.lt_u (local.get $fraction) (call $fraction_of (local.get $y)))
          (then
            (local.set $x (local.get $y))
            (local.set $significand (call $zk.add_nw (local.get $fraction) (i32.const 0x800000)))
            (local.set $fraction (call $fraction_of (local.get $x)))))))
    (local.set $x
      (call $add_magnitudes (local.get $x) (local.get $fraction) (local.get $significand)
        (call $zk.sub_nw (local.get $exponent) (local.get $other_exponent))))
    (if (i32.eq (call $exponent_of (local.get $x)) (i32.const 0x7f800000))
      (then (return (i32.and (local.get $x) (i32.const 0xff800000)))))
    (local.get $x))
  ;; An exact significand that is not 0 and below 2^24, with a sign and an exponent of at least 1 where they are.
  (func $normalise (export "normalise_f32") (param $significand i32) (param $top i32) (result i32)
    (local $zeros i32) (local $shifted i64) (local $exponent i32)
    (local.set $zeros (call $zk.sub_nw (call $zk.clz_nz_64 (i64.extend_i32_u (local.get $significand))) (i32.const 40)))
    (local.set $shifted (call $zk.shl_clz (i64.extend_i32_u (local.get $significand))))
    (block $normal
      ;; at most 24 places
      (block $near
        (br_if $near (i32.lt_u (local.get $top) (i32.const 0xc800000)))
        (br_if $normal (i32.lt_u (local.get $top) (i32.const 0x80000000)))
        (br_if $normal (i32.ge_u (local.get $top) (i32.const 0x8c800000))))
      (local.set $exponent (call $exponent_of (local.get $top)))
      (br_if $normal
        (i32.lt_u (call $zk.mul_nw_32 (local.get $zeros) (i32.const 0x800000)) (local.get $exponent)))
      (return (call $zk.add_nw
        (call $zk.low (call $zk.mul_nw (i64.extend_i32_u (local.get $significand))
          (call $zk.pow2_64 (call $zk.sub_nw
            (call $zk.div_exact (local.get $exponent) (i32.const 0x800000)) (i32.const 1)))))
        (call $zk.sub_nw (local.get $top) (local.get $exponent)))))
    (call $zk.add_nw
      (call $zk.low (i64.shr_u (local.get $shifted) (i64.const 40)))
      (call $zk.sub_nw
        (call $zk.sub_nw (local.get $top) (i32.const 0x800000))
        (call $zk.mul_nw_32 (local.get $zeros) (i32.const 0x800000)))))
  (func $add_smallest (export "add_smallest_f32") (param $x i32) (param $y i32) (result i32)
    (local $left i32) (local $right i32) (local $sign i32) (local $sum i32)
    (local.set $left (i32.and (local.get $x) (i32.const 0x7fffffff)))
    (local.set $right (i32.and (local.get $y) (i32.const 0x7fffffff)))
    (local.set $sign (call $zk.sub_nw (local.get $x) (local.get $left)))
    (if (call $is_negative (i32.xor (local.get $x) (local.get $y)))
      (then
        (if (i32.eq (local.get $left) (local.get $right)) (then (return (i32.const 0))))
        (if (i32.lt_u (local.get $left) (local.get $right))
          (then (return (call $zk.sub_nw (local.get $y) (local.get $left)))))
        (return (call $zk.sub_nw (local.get $x) (local.get $right)))))
    (local.set $sum (call $zk.add_nw (local.get $left) (local.get $right)))
    (if (i32.lt_u (local.get $sum) (i32.const 0x1000000))
      (then (return (call $zk.add_nw (local.get $x) (local.get $right)))))
    (call $half (local.get $sum) (call $zk.add_nw (local.get $sign) (i32.const 0x800000))))

  ;; The usual operands have exponents from 64 on, and a sum of exponents up to 318: a sum with signs as in f64.
  (func (export "float.mul_f32") (param $x i32) (param $y i32) (result i32)
    (local $fraction i32) (local $other_fraction i32) (local $sum i32)
    (local $part i64)
    (local.set $fraction (call $fraction_of (local.get $x)))
    (local.set $other_fraction (call $fraction_of (local.get $y)))
    (block $usual
      (block $other
        (br_if $other (i32.lt_u (local.get $x) (i32.const 0x20000000)))
        (br_if $other (i32.lt_u (local.get $y) (i32.const 0x20000000)))
        (local.set $sum (call $zk.add_nw
          (call $zk.div_exact (call $zk.sub_nw (local.get $x) (local.get $fraction)) (i32.const 0x800000))
          (call $zk.div_exact (call $zk.sub_nw (local.get $y) (local.get $other_fraction)) (i32.const 0x800000))))
        (br_if $usual (i32.lt_u (local.get $sum) (i32.const 319)))
        (if (i32.lt_u (local.get $x) (i32.const 0xa0000000))
          (then
            (br_if $other (i32.lt_u (local.get $y) (i32.const 0xa0000000)))
            (br_if $usual (i32.lt_u (local.get $sum) (i32.const 575)))
            (br $other)))
        (br_if $usual (i32.lt_u (local.get $sum) (i32.const 575)))
        (br_if $other (i32.lt_u (local.get $y) (i32.const 0xa0000000)))
        (br_if $other (i32.ge_u (local.get $sum) (i32.const 831)))
        (local.set $sum (call $zk.sub_nw (local.get $sum) (i32.const 512)))
        (br $usual))
      (return (call $mul_other (local.get $fraction) (local.get $other_fraction)
        (call $zk.sub_nw (local.get $x) (local.get $fraction))
        (call $zk.sub_nw (local.get $y) (local.get $other_fraction)))))
    ;; the significand times one and a fraction; with a half added its high word is rounded, and a low one of 0 says
    ;; that there was a half
    (local.set $part (call $zk.mul_add_nw
      (i64.extend_i32_u (call $zk.add_nw (local.get $fraction) (i32.const 0x800000)))
      (call $zk.add_high (i64.extend_i32_u (call $zk.mul_nw_32 (local.get $other_fraction) (i32.const 512)))
        (i32.const 1))
      (i64.const 0x80000000)))
    (if (i64.lt_u (local.get $part) (i64.const 0x100000000000000))
      (then
        (if (i32.eqz (i32.wrap_i64 (local.get $part)))
          (then (local.set $part (i64.and (local.get $part) (i64.const 0xfffffffe00000000)))))
        (return (call $zk.add_nw (call $zk.high (local.get $part))
          (call $zk.mul_nw_32 (call $zk.sub_nw (local.get $sum) (i32.const 128)) (i32.const 0x800000))))))
    ;; half of that
    (local.set $part (call $zk.mul_add_nw
      (i64.extend_i32_u (call $zk.add_nw (local.get $fraction) (i32.const 0x800000)))
      (i64.extend_i32_u (call $zk.add_nw
        (call $zk.mul_nw_32 (local.get $other_fraction) (i32.const 256)) (i32.const 0x80000000)))
      (i64.const 0x80000000)))
    (if (i32.eqz (i32.wrap_i64 (local.get $part)))
      (then (local.set $part (i64.and (local.get $part) (i64.const 0xfffffffe00000000)))))
    (call $zk.add_nw (call $zk.high (local.get $part))
      (call $zk.mul_nw_32 (call $zk.sub_nw (local.get $sum) (i32.const 127)) (i32.const 0x800000))))
  ;; Any operands: their fractions, and both without those.
  (func $mul_other (export "mul_other_f32") (param $fraction i32) (param $other_fraction i32) (param $top i32)
      (param $other_top i32) (result i32)
    (local $exponent i32) (local $other_exponent i32) (local $sign i32) (local $sum i32)
    (local.set $exponent (call $exponent_of (local.get $top)))
    (local.set $other_exponent (call $exponent_of (local.get $other_top)))
    (local.set $sign (i32.and (i32.xor (local.get $top) (local.get $other_top)) (i32.const 0x80000000)))
    (block $infinite
      (block $other_infinite
        (br_if $infinite (i32.eq (local.get $exponent) (i32.const 0x7f800000)))
        (br_if $other_infinite (i32.eq (local.get $other_exponent) (i32.const 0x7f800000)))
        (local.set $sum (call $zk.add_nw
          (call $zk.div_exact (local.get $exponent) (i32.const 0x800000))
          (call $zk.div_exact (local.get $other_exponent) (i32.const 0x800000))))
        (if (i32.eqz (local.get $exponent))
          (then
            (if (i32.eqz (local.get $fraction)) (then (return (local.get $sign))))
            (if (i32.eqz (local.get $other_exponent)) (then (return (local.get $sign))))
            (return (call $mul_small (local.get $fraction) (local.get $other_fraction) (local.get $sum)
              (local.get $sign)))))
        (if (i32.eqz (local.get $other_exponent))
          (then
            (if (i32.eqz (local.get $other_fraction)) (then (return (local.get $sign))))
            (return (call $mul_small (local.get $other_fraction) (local.get $fraction) (local.get $sum)
              (local.get $sign)))))
        (return (call $mul_any (call $zk.add_nw (local.get $fraction) (i32.const 0x800000)) (local.get $other_fraction)
          (call $zk.add_nw (local.get $sum) (i32.const 385)) (local.get $sign))))
      ;; only y has the greatest exponent
      (if (local.get $other_fraction) (then (return (i32.const 0x7fc00000))))
      (if (i32.eqz (call $zk.add_nw (local.get $exponent) (local.get $fraction)))
        (then (return (i32.const 0x7fc00000))))
      (return (call $zk.add_nw (local.get $sign) (i32.const 0x7f800000))))
    (if (local.get $fraction) (then (return (i32.const 0x7fc00000))))
    (if (i32.eqz (call $zk.add_nw (local.get $other_exponent) (local.get $other_fraction)))
      (then (return (i32.const 0x7fc00000))))
    (if (i32.lt_u (i32.const 0x7f800000) (call $zk.add_nw (local.get $other_exponent) (local.get $other_fraction)))
      (then (return (i32.const 0x7fc00000))))
    (call $zk.add_nw (local.get $sign) (i32.const 0x7f800000)))
  ;; The first fraction is of a number below the normal ones, the exponent that of the other.
  (func $mul_small (export "mul_small_f32") (param $fraction i32) (param $other_fraction i32) (param $exponent i32)
      (param $sign i32) (result i32)
    (call $mul_any
      (call $zk.low (i64.shr_u (call $zk.shl_clz (i64.extend_i32_u (local.get $fraction))) (i64.const 40)))
      (local.get $other_fraction)
      (call $zk.sub_nw (call $zk.add_nw (local.get $exponent) (i32.const 426))
        (call $zk.clz_nz_64 (i64.extend_i32_u (local.get $fraction))))
      (local.get $sign)))
  ;; A significand times one and a fraction, with the exponent and the sign as in finish.
  (func $mul_any (export "mul_any_f32") (param $significand i32) (param $fraction i32) (param $exponent i32)
      (param $sign i32) (result i32)
    (local $part i64) (local $high i32) (local $low i32) (local $half i32)
    (local.set $part (call $zk.mul_nw (i64.extend_i32_u (local.get $significand))
      (i64.extend_i32_u (call $zk.mul_nw_32 (local.get $fraction) (i32.const 512)))))
    (local.set $high (call $zk.add_nw (local.get $significand) (call $zk.high (local.get $part))))
    (local.set $low (i32.wrap_i64 (local.get $part)))
    (if (i32.ge_u (local.get $high) (i32.const 0x1000000))
      (then
        (local.set $half (i32.shr_u (local.get $high) (i32.const 1)))
        (local.set $low (i32.or
          (i32.or (i32.shl (local.get $high) (i32.const 31)) (i32.shr_u (local.get $low) (i32.const 1)))
          (i32.and (local.get $low) (i32.const 1))))
        (local.set $high (local.get $half))
        (local.set $exponent (call $zk.add_nw (local.get $exponent) (i32.const 1)))))
    (call $finish (local.get $high) (local.get $low) (local.get $exponent) (local.get $sign)))
  ;; A significand of 24 bits with a fraction, any exponent plus 512, and a sign.
  (func $finish (export "finish_f32") (param $significand i32) (param $fraction i32) (param $exponent i32) (param $sign i32)
      (result i32)
    (local $distance i32) (local $part i64)
    (if (i32.ge_u (local.get $exponent) (i32.const 767))
      (then (return (call $zk.add_nw (i32.const 0x7f800000) (local.get $sign)))))
    (if (i32.gt_u (local.get $exponent) (i32.const 512))
      (then
        (return (i32.add (call $round (local.get $significand) (local.get $fraction))
          (i32.add (i32.shl (i32.sub (local.get $exponent) (i32.const 513)) (i32.const 23)) (local.get $sign))))))
    (local.set $distance (call $zk.sub_nw (i32.const 513) (local.get $exponent)))
    (if (i32.ge_u (local.get $distance) (i32.const 25)) (then (return (local.get $sign))))
    (local.set $part (i64.mul (i64.extend_i32_u (local.get $significand)) (call $zk.rpow2_32 (local.get $distance))))
    (if (local.get $fraction) (then (local.set $part (i64.or (local.get $part) (i64.const 1)))))
    (i32.add (call $round (call $zk.high (local.get $part)) (i32.wrap_i64 (local.get $part))) (local.get $sign)))

  ;; Usual operands have exponents from 88 on, and a sum of exponents up to 300. A sign that only y has is given to x.
  (func (export "float.div_f32") (param $x i32) (param $y i32) (result i32)
    (local $fraction i32) (local $other_fraction i32) (local $sum i32) (local $top i32)
    (local.set $fraction (call $fraction_of (local.get $x)))
    (local.set $other_fraction (call $fraction_of (local.get $y)))
    (block $usual
      (block $other
        (br_if $other (i32.lt_u (local.get $x) (i32.const 0x2c000000)))
        (br_if $other (i32.lt_u (local.get $y) (i32.const 0x2c000000)))
        (local.set $sum (call $zk.add_nw
          (call $zk.div_exact (call $zk.sub_nw (local.get $x) (local.get $fraction)) (i32.const 0x800000))
          (call $zk.div_exact (call $zk.sub_nw (local.get $y) (local.get $other_fraction)) (i32.const 0x800000))))
        (br_if $usual (i32.lt_u (local.get $sum) (i32.const 301)))
        (if (i32.lt_u (local.get $x) (i32.const 0xac000000))
          (then
            (br_if $other (i32.lt_u (local.get $y) (i32.const 0xac000000)))
            (br_if $other (i32.ge_u (local.get $sum) (i32.const 557)))
            (local.set $x (call $zk.add_nw (local.get $x) (i32.const 0x80000000)))
            (local.set $y (call $zk.sub_nw (local.get $y) (i32.const 0x80000000)))
            (br $usual)))
        (br_if $usual (i32.lt_u (local.get $sum) (i32.const 557)))
        (br_if $other (i32.lt_u (local.get $y) (i32.const 0xac000000)))
        (br_if $usual (i32.lt_u (local.get $sum) (i32.const 813))))
      (return (call $div_other (local.get $x) (local.get $y))))
    (local.set $top (call $zk.sub_nw
      (call $zk.add_nw (call $zk.sub_nw (local.get $x) (local.get $fraction)) (i32.const 0x13000000))
      (call $zk.sub_nw (call $zk.sub_nw (local.get $y) (local.get $other_fraction)) (i32.const 0x2c000000))))
    (if (i32.lt_u (local.get $fraction) (local.get $other_fraction))
      (then
        (return (call $zk.add_nw
          (call $quotient (local.get $fraction) (i64.const 0x2000000) (local.get $other_fraction))
          (call $zk.sub_nw (local.get $top) (i32.const 0x800000))))))
    (call $zk.add_nw
      (call $quotient (local.get $fraction) (i64.const 0x1000000) (local.get $other_fraction)) (local.get $top)))
  ;; Half of the scaled quotient, rounded, as in f64.
  (func $quotient (param $fraction i32) (param $scale i64) (param $other_fraction i32) (result i32)
    (call $zk.low (call $zk.div_u_nz_64
      (call $zk.mul_add_nw
        (i64.extend_i32_u (call $zk.add_nw (local.get $fraction) (i32.const 0x800000)))
        (local.get $scale)
        (i64.extend_i32_u (call $zk.add_nw (local.get $other_fraction) (i32.const 0x800000))))
      (i64.extend_i32_u (call $zk.add_nw
        (call $zk.mul_nw_32 (local.get $other_fraction) (i32.const 2)) (i32.const 0x1000000))))))
  (func $div_other (export "div_other_f32") (param $x i32) (param $y i32) (result i32)
    (local $exponent i32) (local $other_exponent i32) (local $sign i32) (local $left i32) (local $right i32)
    (local.set $exponent (call $exponent_of (local.get $x)))
    (local.set $other_exponent (call $exponent_of (local.get $y)))
    (local.set $left (call $fraction_of (local.get $x)))
    (local.set $right (call $fraction_of (local.get $y)))
    (local.set $sign (i32.and (i32.xor (local.get $x) (local.get $y)) (i32.const 0x80000000)))
    (if (i32.eq (local.get $exponent) (i32.const 0x7f800000))
      (then
        (if (local.get $left) (then (return (i32.const 0x7fc00000))))
        (if (i32.eq (local.get $other_exponent) (i32.const 0x7f800000)) (then (return (i32.const 0x7fc00000))))
        (return (call $zk.add_nw (local.get $sign) (i32.const 0x7f800000)))))
    (if (i32.eq (local.get $other_exponent) (i32.const 0x7f800000))
      (then
        (if (local.get $right) (then (return (i32.const 0x7fc00000))))
        (return (local.get $sign))))
    (local.set $exponent (call $zk.div_exact (local.get $exponent) (i32.const 0x800000)))
    (local.set $other_exponent (call $zk.div_exact (local.get $other_exponent) (i32.const 0x800000)))
    (if (i32.eqz (local.get $other_exponent))
      (then
        (if (i32.eqz (local.get $right))
          (then
            (if (i32.eqz (i32.and (local.get $x) (i32.const 0x7fffffff))) (then (return (i32.const 0x7fc00000))))
            (return (call $zk.add_nw (local.get $sign) (i32.const 0x7f800000)))))
        (local.set $other_exponent
          (call $zk.sub_nw (i32.const 553) (call $zk.clz_nz_64 (i64.extend_i32_u (local.get $right)))))
        (local.set $right (call $zk.low (i64.shr_u (call $zk.shl_clz (i64.extend_i32_u (local.get $right))) (i64.const 40)))))
      (else
        (local.set $right (call $zk.add_nw (local.get $right) (i32.const 0x800000)))
        (local.set $other_exponent (call $zk.add_nw (local.get $other_exponent) (i32.const 512)))))
    (if (i32.eqz (local.get $exponent))
      (then
        (if (i32.eqz (local.get $left)) (then (return (local.get $sign))))
        (local.set $exponent
          (call $zk.sub_nw (i32.const 1192) (call $zk.clz_nz_64 (i64.extend_i32_u (local.get $left)))))
        (local.set $left (call $zk.low (i64.shr_u (call $zk.shl_clz (i64.extend_i32_u (local.get $left))) (i64.const 40)))))
      (else
        (local.set $left (call $zk.add_nw (local.get $left) (i32.const 0x800000)))
        (local.set $exponent (call $zk.add_nw (local.get $exponent) (i32.const 1151)))))
    (local.set $exponent (call $zk.sub_nw (local.get $exponent) (local.get $other_exponent)))
    (if (i32.lt_u (local.get $left) (local.get $right))
      (then
        (return (call $div_significands
          (i64.shl (i64.extend_i32_u (local.get $left)) (i64.const 24)) (local.get $right)
          (call $zk.sub_nw (local.get $exponent) (i32.const 1)) (local.get $sign)))))
    (call $div_significands
      (i64.shl (i64.extend_i32_u (local.get $left)) (i64.const 23)) (local.get $right)
      (local.get $exponent) (local.get $sign)))
  (func $div_significands (param $x i64) (param $y i32) (param $exponent i32) (param $sign i32) (result i32)
    (local $quotient i32) (local $rest i32)
    (local.set $quotient (call $zk.low (call $zk.div_u_nz_64 (local.get $x) (i64.extend_i32_u (local.get $y)))))
    (local.set $rest (call $zk.low (call $zk.rem_u_nz_64 (local.get $x) (i64.extend_i32_u (local.get $y)))))
    (if (i32.lt_u (local.get $y) (call $zk.mul_nw_32 (local.get $rest) (i32.const 2)))
      (then
        (return (call $finish (local.get $quotient) (i32.const 0x80000001) (local.get $exponent) (local.get $sign)))))
    (call $finish (local.get $quotient) (i32.ne (local.get $rest) (i32.const 0)) (local.get $exponent) (local.get $sign)))

  (func (export "float.sqrt_f32") (param $x i32) (result i32)
    (local $zeros i32)
    (if (i32.lt_u (local.get $x) (i32.const 0x800000))
      (then
        (if (i32.eqz (local.get $x)) (then (return (local.get $x))))
        (local.set $zeros (call $zk.clz_nz_64 (i64.extend_i32_u (local.get $x))))
        (return (call $sqrt_of
          (call $zk.low (i64.shr_u (call $zk.shl_clz (i64.extend_i32_u (local.get $x))) (i64.const 40)))
          (call $zk.sub_nw (i32.const 168) (local.get $zeros))))))
    (if (i32.ge_u (local.get $x) (i32.const 0x7f800000))
      (then
        (if (i32.eq (local.get $x) (i32.const 0x80000000)) (then (return (local.get $x))))
        (if (i32.eq (local.get $x) (i32.const 0x7f800000)) (then (return (local.get $x))))
        (return (i32.const 0x7fc00000))))
    (call $sqrt_of (call $zk.add_nw (call $fraction_of (local.get $x)) (i32.const 0x800000))
      (call $zk.add_nw (call $zk.div_exact (call $exponent_of (local.get $x)) (i32.const 0x800000)) (i32.const 127))))
  (func $sqrt_of (param $significand i32) (param $exponent i32) (result i32)
    (local $square i64) (local $root i64) (local $half i32) (local $result i32)
    (local.set $half (i32.shr_u (local.get $exponent) (i32.const 1)))
    (if (i32.eq (local.get $exponent) (call $zk.mul_nw_32 (local.get $half) (i32.const 2)))
      (then (local.set $square (i64.shl (i64.extend_i32_u (local.get $significand)) (i64.const 23))))
      (else (local.set $square (i64.shl (i64.extend_i32_u (local.get $significand)) (i64.const 24)))))
    (local.set $root (call $zk.sqrt (i64.const 0) (local.get $square)))
    (local.set $result (call $zk.add_nw (call $zk.low (local.get $root))
      (call $zk.mul_nw_32 (call $zk.sub_nw (local.get $half) (i32.const 1)) (i32.const 0x800000))))
    (if (i64.lt_u (local.get $root) (call $zk.sqrt_rest (i64.const 0) (local.get $square)))
      (then (return (call $zk.add_nw (local.get $result) (i32.const 1)))))
    (local.get $result))

  ;; Rounding to integers: a mask keeps the whole part of what has both parts. Exponents below 127 have none, those from
  ;; 150 on no fraction.
  (func $mask (param $exponent i32) (result i32)
    (i32.sub (i32.const 0) (call $zk.pow2_32 (call $zk.sub_nw (i32.const 150) (local.get $exponent)))))
  (func $whole_or_nan (param $x i32) (result i32)
    (if (call $is_nan (local.get $x)) (then (return (i32.const 0x7fc00000))))
    (local.get $x))
  (func (export "float.trunc_f32") (param $x i32) (result i32)
    (local $exponent i32)
    (local.set $exponent (call $zk.div_exact (call $exponent_of (local.get $x)) (i32.const 0x800000)))
    (if (i32.lt_u (local.get $exponent) (i32.const 127))
      (then (return (i32.and (local.get $x) (i32.const 0x80000000)))))
    (if (i32.ge_u (local.get $exponent) (i32.const 150)) (then (return (call $whole_or_nan (local.get $x)))))
    (i32.and (local.get $x) (call $mask (local.get $exponent))))
  (func (export "float.floor_f32") (param $x i32) (result i32)
    (local $exponent i32) (local $mask i32) (local $whole i32)
    (local.set $exponent (call $zk.div_exact (call $exponent_of (local.get $x)) (i32.const 0x800000)))
    (if (i32.lt_u (local.get $exponent) (i32.const 127))
      (then
        (if (i32.eqz (i32.ge_u (local.get $x) (i32.const 0x80000000))) (then (return (i32.const 0))))
        (if (i32.eq (local.get $x) (i32.const 0x80000000)) (then (return (local.get $x))))
        (return (i32.const 0xbf800000))))
    (if (i32.ge_u (local.get $exponent) (i32.const 150)) (then (return (call $whole_or_nan (local.get $x)))))
    (local.set $mask (call $mask (local.get $exponent)))
    (local.set $whole (i32.and (local.get $x) (local.get $mask)))
    (if (i32.lt_u (local.get $x) (i32.const 0x80000000)) (then (return (local.get $whole))))
    (if (i32.eq (local.get $whole) (local.get $x)) (then (return (local.get $x))))
    (i32.sub (local.get $whole) (local.get $mask)))
  (func (export "float.ceil_f32") (param $x i32) (result i32)
    (local $exponent i32) (local $mask i32) (local $whole i32)
    (local.set $exponent (call $zk.div_exact (call $exponent_of (local.get $x)) (i32.const 0x800000)))
    (if (i32.lt_u (local.get $exponent) (i32.const 127))
      (then
        (if (i32.ge_u (local.get $x) (i32.const 0x80000000)) (then (return (i32.const 0x80000000))))
        (if (i32.eqz (local.get $x)) (then (return (local.get $x))))
        (return (i32.const 0x3f800000))))
    (if (i32.ge_u (local.get $exponent) (i32.const 150)) (then (return (call $whole_or_nan (local.get $x)))))
    (local.set $mask (call $mask (local.get $exponent)))
    (local.set $whole (i32.and (local.get $x) (local.get $mask)))
    (if (i32.ge_u (local.get $x) (i32.const 0x80000000)) (then (return (local.get $whole))))
    (if (i32.eq (local.get $whole) (local.get $x)) (then (return (local.get $x))))
    (i32.sub (local.get $whole) (local.get $mask)))
  ;; Half of the last whole bit is added; what was a half exactly loses a last bit that is odd then.
  (func (export "float.nearest_f32") (param $x i32) (result i32)
    (local $exponent i32) (local $half i32) (local $mask i32) (local $sum i32)
    (local.set $exponent (call $zk.div_exact (call $exponent_of (local.get $x)) (i32.const 0x800000)))
    (if (i32.lt_u (local.get $exponent) (i32.const 127))
      (then
        (if (i32.eq (local.get $exponent) (i32.const 126))
          (then
            (if (i32.ne (i32.shl (local.get $x) (i32.const 9)) (i32.const 0))
              (then
                (return (i32.or (i32.and (local.get $x) (i32.const 0x80000000))
                  (i32.const 0x3f800000)))))))
        (return (i32.and (local.get $x) (i32.const 0x80000000)))))
    (if (i32.ge_u (local.get $exponent) (i32.const 150)) (then (return (call $whole_or_nan (local.get $x)))))
    (local.set $half (call $zk.pow2_32 (call $zk.sub_nw (i32.const 149) (local.get $exponent))))
    (local.set $mask (i32.sub (i32.const 0) (i32.add (local.get $half) (local.get $half))))
    (local.set $sum (i32.add (local.get $x) (local.get $half)))
    (if (i32.eq (i32.and (local.get $sum) (local.get $mask)) (local.get $sum))
      (then (return (i32.and (local.get $sum) (i32.add (local.get $mask) (local.get $mask))))))
    (i32.and (local.get $sum) (local.get $mask)))
