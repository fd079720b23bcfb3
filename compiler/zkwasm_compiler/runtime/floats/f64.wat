  ;; f64 on the bits of its operands. An exported function is called where it is used; one that is not exported is part
  ;; of those that call it. A NaN that is made is 0x7ff8000000000000.
  ;;
  ;; top(x): sign and exponent, 12 bits; its low 11 bits are the exponent. A significand has 53 bits with the leading one.
  (func $top (param $x i64) (result i32) (call $zk.low (i64.shr_u (local.get $x) (i64.const 52))))
  ;; A significand with its leading one below sign and exponent - 1: a carry of the significand goes where it belongs.
  (func $packed (param $significand i64) (param $top i32) (result i64)
    (call $zk.add_high (local.get $significand) (call $zk.mul_nw_32 (local.get $top) (i32.const 0x100000))))
  ;; $s, or $s + 1 where the fraction of 64 bits behind it is more than a half, or a half and $s is odd.
  (func $round (param $s i64) (param $fraction i64) (result i64)
    (if (i32.lt_u (call $zk.high (local.get $fraction)) (i32.const 0x80000000)) (then (return (local.get $s))))
    (if (i64.eq (local.get $fraction) (i64.const 0x8000000000000000))
      (then (return (i64.add (local.get $s) (i64.and (local.get $s) (i64.const 1))))))
    (i64.add (local.get $s) (i64.const 1)))
  (func $is_nan (param $x i64) (result i32)
    (local $high i32)
    (local.set $high (call $zk.high (local.get $x)))
    (if (i32.lt_u (local.get $high) (i32.const 0x7ff00000)) (then (return (i32.const 0))))
    (if (i32.lt_u (local.get $high) (i32.const 0x80000000))
      (then (return (i64.lt_u (i64.const 0x7ff0000000000000) (local.get $x)))))
    (if (i32.lt_u (local.get $high) (i32.const 0xfff00000)) (then (return (i32.const 0))))
    (i64.lt_u (i64.const 0xfff0000000000000) (local.get $x)))
  (func $is_negative (param $x i64) (result i32) (i32.ge_u (call $zk.high (local.get $x)) (i32.const 0x80000000)))

  ;; Comparisons. Patterns without sign are ordered as what they stand for, those with a sign the other way round.
  (func (export "float.eq_f64") (param $x i64) (param $y i64) (result i32)
    (if (i64.eq (local.get $x) (local.get $y))
      (then
        (if (i32.lt_u (call $zk.high (local.get $x)) (i32.const 0x7ff00000)) (then (return (i32.const 1))))
        (return (i32.eqz (call $is_nan (local.get $x))))))
    ;; both are 0
    (if (i64.eq (i64.or (local.get $x) (local.get $y)) (i64.const 0x8000000000000000)) (then (return (i32.const 1))))
    (i32.const 0))
  (func (export "float.lt_f64") (param $x i64) (param $y i64) (result i32)
    (if (i64.lt_u (local.get $x) (local.get $y))
      (then
        ;; neither has a sign, or y has one
        (if (i32.lt_u (call $zk.high (local.get $y)) (i32.const 0x7ff00000)) (then (return (i32.const 1))))
        (return (i64.eq (local.get $y) (i64.const 0x7ff0000000000000)))))
    (if (i32.lt_u (call $zk.high (local.get $x)) (i32.const 0x80000000)) (then (return (i32.const 0))))
    (if (i32.ge_u (call $zk.high (local.get $x)) (i32.const 0xfff00000))
      (then (if (i64.ne (local.get $x) (i64.const 0xfff0000000000000)) (then (return (i32.const 0))))))
    (if (i32.ge_u (call $zk.high (local.get $y)) (i32.const 0x80000000))
      (then (return (i64.ne (local.get $x) (local.get $y)))))
    (if (i32.lt_u (call $zk.high (local.get $y)) (i32.const 0x7ff00000))
      (then (return (i64.ne (i64.or (local.get $x) (local.get $y)) (i64.const 0x8000000000000000)))))
    (i64.eq (local.get $y) (i64.const 0x7ff0000000000000)))
  (func (export "float.le_f64") (param $x i64) (param $y i64) (result i32)
    (if (i64.lt_u (local.get $y) (local.get $x))
      (then
        (if (i32.lt_u (call $zk.high (local.get $x)) (i32.const 0x80000000)) (then (return (i32.const 0))))
        (if (i32.ge_u (call $zk.high (local.get $x)) (i32.const 0xfff00000))
          (then (if (i64.ne (local.get $x) (i64.const 0xfff0000000000000)) (then (return (i32.const 0))))))
        (if (i32.ge_u (call $zk.high (local.get $y)) (i32.const 0x80000000)) (then (return (i32.const 1))))
        (if (i32.lt_u (call $zk.high (local.get $y)) (i32.const 0x7ff00000)) (then (return (i32.const 1))))
        (return (i64.eq (local.get $y) (i64.const 0x7ff0000000000000)))))
    (if (i32.lt_u (call $zk.high (local.get $y)) (i32.const 0x7ff00000)) (then (return (i32.const 1))))
    (if (i32.lt_u (call $zk.high (local.get $y)) (i32.const 0x80000000))
      (then (return (i64.eq (local.get $y) (i64.const 0x7ff0000000000000)))))
    ;; y has a sign: x is the same, or both are 0
    (if (i64.eq (local.get $x) (local.get $y))
      (then (return (i64.le_u (local.get $y) (i64.const 0xfff0000000000000)))))
    (i64.eq (i64.or (local.get $x) (local.get $y)) (i64.const 0x8000000000000000)))
  ;; The operands ordered as integers: without signs the second is the smaller one, with a sign of the first that is.
  (func (export "float.min_f64") (param $x i64) (param $y i64) (result i64)
    (if (i64.lt_u (local.get $x) (local.get $y)) (then (return (call $min_ordered (local.get $y) (local.get $x)))))
    (call $min_ordered (local.get $x) (local.get $y)))
  (func $min_ordered (param $x i64) (param $y i64) (result i64)
    (if (i32.lt_u (call $zk.high (local.get $x)) (i32.const 0x7ff00000)) (then (return (local.get $y))))
    (block $other
      (br_if $other (i32.lt_u (call $zk.high (local.get $x)) (i32.const 0x80000000)))
      (br_if $other (i32.ge_u (call $zk.high (local.get $x)) (i32.const 0xfff00000)))
      (br_if $other (i32.lt_u (call $zk.high (local.get $y)) (i32.const 0x80000000)))
      (return (local.get $x)))
    (call $min_other (local.get $x) (local.get $y)))
  (func $min_other (export "min_other_f64") (param $x i64) (param $y i64) (result i64)
    (if (call $is_nan (local.get $x)) (then (return (i64.const 0x7ff8000000000000))))
    (if (call $is_nan (local.get $y)) (then (return (i64.const 0x7ff8000000000000))))
    (if (call $is_negative (local.get $x)) (then (return (local.get $x))))
    (local.get $y))
  (func (export "float.max_f64") (param $x i64) (param $y i64) (result i64)
    (if (i64.lt_u (local.get $x) (local.get $y)) (then (return (call $max_ordered (local.get $y) (local.get $x)))))
    (call $max_ordered (local.get $x) (local.get $y)))
  (func $max_ordered (param $x i64) (param $y i64) (result i64)
    (if (i32.lt_u (call $zk.high (local.get $x)) (i32.const 0x7ff00000)) (then (return (local.get $x))))
    (block $other
      (br_if $other (i32.lt_u (call $zk.high (local.get $x)) (i32.const 0x80000000)))
      (br_if $other (i32.ge_u (call $zk.high (local.get $x)) (i32.const 0xfff00000)))
      (br_if $other (i32.lt_u (call $zk.high (local.get $y)) (i32.const 0x80000000)))
      (return (local.get $y)))
    (call $max_other (local.get $x) (local.get $y)))
  (func $max_other (export "max_other_f64") (param $x i64) (param $y i64) (result i64)
    (if (call $is_nan (local.get $x)) (then (return (i64.const 0x7ff8000000000000))))
    (if (call $is_nan (local.get $y)) (then (return (i64.const 0x7ff8000000000000))))
    (if (call $is_negative (local.get $x)) (then (return (local.get $y))))
    (local.get $x))

  ;; Addition. The smaller magnitude is aligned by one multiplication, which rounds it: the high word is what is added to
  ;; the other's fraction, and a low word of 0 says that there was a half. Distances of exponents are in units of
  ;; 0x100000, as exponents are in the high half. Ordered as integers, one test of each operand tells whether both are
  ;; normal numbers without sign, or with one; those of which the sum may be infinite are not usual.
  (func (export "float.add_f64") (param $x i64) (param $y i64) (result i64)
    (local $larger i64) (local $smaller i64) (local $magnitude i64) (local $fraction i64) (local $other_fraction i64)
    (if (i64.lt_u (local.get $x) (local.get $y))
      (then (local.set $larger (local.get $x)) (local.set $x (local.get $y)) (local.set $y (local.get $larger))))
    (block $same
      (block $other
        (block $zero
          (block $negative
            (br_if $negative (i32.ge_u (call $zk.high (local.get $x)) (i32.const 0x7fe00000)))
            (br_if $zero (i32.lt_u (call $zk.high (local.get $y)) (i32.const 0x100000)))
            (br $same))
          (br_if $other (i32.ge_u (call $zk.high (local.get $x)) (i32.const 0xffe00000)))
          (br_if $same (i32.ge_u (call $zk.high (local.get $y)) (i32.const 0x80100000)))
          (br_if $other (i32.lt_u (call $zk.high (local.get $x)) (i32.const 0x80100000)))
          (br_if $other (i32.ge_u (call $zk.high (local.get $y)) (i32.const 0x7ff00000)))
          (br_if $zero (i32.lt_u (call $zk.high (local.get $y)) (i32.const 0x100000)))
          ;; x is negative, y positive
          (local.set $larger (local.get $x))
          (local.set $magnitude (call $zk.cut (local.get $x) (i64.const 0x8000000000000000)))
          (local.set $smaller (local.get $y))
          (if (i64.lt_u (local.get $magnitude) (local.get $y))
            (then
              (local.set $smaller (local.get $magnitude))
              (local.set $magnitude (local.get $y))
              (local.set $larger (local.get $y))))
          (local.set $fraction (call $fraction_of (local.get $magnitude)))
          (local.set $other_fraction (call $fraction_of (local.get $smaller)))
          (return (call $sub_magnitudes (local.get $larger) (local.get $fraction)
            (call $zk.add_high (local.get $other_fraction) (i32.const 0x100000))
            (call $zk.upper (call $zk.cut
              (call $zk.cut (local.get $magnitude) (local.get $fraction))
              (call $zk.cut (local.get $smaller) (local.get $other_fraction)))))))
        (if (i64.eqz (local.get $y)) (then (return (local.get $x)))))
      (return (call $add_other (local.get $x) (local.get $y))))
    (local.set $fraction (call $fraction_of (local.get $x)))
    (local.set $other_fraction (call $fraction_of (local.get $y)))
    (call $add_magnitudes (local.get $x) (local.get $fraction)
      (call $zk.add_high (local.get $other_fraction) (i32.const 0x100000))
      (call $zk.upper (call $zk.cut
        (call $zk.cut (local.get $x) (local.get $fraction)) (call $zk.cut (local.get $y) (local.get $other_fraction))))))
  (func $fraction_of (param $x i64) (result i64) (i64.and (local.get $x) (i64.const 0xfffffffffffff)))
  (func $exponent_of (param $x i64) (result i32)
    (call $zk.upper (i64.and (local.get $x) (i64.const 0x7ff0000000000000))))
  ;; A normal x with a fraction and a significand that is $distance lower. At no distance it has its leading one. What
  ;; would be infinite has a fraction of any kind.
  (func $add_magnitudes (param $x i64) (param $fraction i64) (param $significand i64) (param $distance i32) (result i64)
    (local $power i64) (local $part i64) (local $rest i64) (local $sum i64) (local $excess i64)
    ;; the fraction has 2^64 - 2^52 too much, so that a sum with a carry is one of 53 bits; less sign and exponent of x
    (local.set $sum (call $zk.add_high (local.get $fraction) (i32.const 0xfff00000)))
    (local.set $excess (call $zk.cut (local.get $sum) (local.get $x)))
    (if (local.get $distance)
      (then
        (if (i32.ge_u (local.get $distance) (i32.const 0x3600000)) (then (return (local.get $x))))
        (local.set $power (call $zk.rpow2_64 (call $zk.div_exact (local.get $distance) (i32.const 0x100000))))
        (local.set $part
          (call $zk.mulhi_add (local.get $significand) (local.get $power) (i64.const 0x8000000000000000)))
        (local.set $rest
          (call $zk.mullo_add (local.get $significand) (local.get $power) (i64.const 0x8000000000000000)))
        (local.set $sum (i64.add (local.get $sum) (local.get $part)))
        (if (i64.ge_u (local.get $sum) (local.get $part))
          (then
            (if (i64.eqz (local.get $rest))
              (then (local.set $sum (i64.sub (local.get $sum) (i64.and (local.get $sum) (i64.const 1))))))
            (return (call $zk.cut (local.get $sum) (local.get $excess)))))
        ;; half of the sum and a leading one under the next exponent
        (local.set $sum (call $zk.add_high (local.get $sum) (i32.const 0x200000)))
        (local.set $part (call $zk.mulhi_add (local.get $sum) (i64.const 0x8000000000000000) (local.get $rest)))
        (if (i64.eqz (call $zk.mullo_add (local.get $sum) (i64.const 0x8000000000000000) (local.get $rest)))
          (then
            ;; without a rest in the beginning it is less than a half that is lost
            (if (i64.ne (local.get $rest) (i64.const 0))
              (then (local.set $part (i64.sub (local.get $part) (i64.and (local.get $part) (i64.const 1))))))))
        (return (call $zk.cut (call $zk.add_high (local.get $part) (i32.const 0xfff00000)) (local.get $excess)))))
    (local.set $sum
      (call $zk.add_high (i64.add (local.get $fraction) (local.get $significand)) (i32.const 0x100000)))
    (local.set $part (i64.shr_u (local.get $sum) (i64.const 1)))
    (if (i64.ne (i64.shl (local.get $sum) (i64.const 63)) (i64.const 0))
      (then (local.set $part (i64.add (local.get $part) (i64.and (local.get $part) (i64.const 1))))))
    (call $zk.cut (call $zk.add_high (local.get $part) (i32.const 0xfff00000)) (local.get $excess)))
  ;; A normal x with a fraction, less a significand that is $distance lower and not above it. At no distance it has its
  ;; leading one.
  (func $sub_magnitudes (param $x i64) (param $fraction i64) (param $significand i64) (param $distance i32) (result i64)
    (local $power i64) (local $part i64) (local $rest i64) (local $left i64)
    (if (i32.eqz (local.get $distance))
      (then
        (local.set $left
          (i64.sub (call $zk.add_high (local.get $fraction) (i32.const 0x100000)) (local.get $significand)))
        (if (i64.eqz (local.get $left)) (then (return (i64.const 0))))
        (return (call $normalise (local.get $left)
          (call $zk.div_exact (call $zk.upper (call $zk.cut (local.get $x) (local.get $fraction)))
            (i32.const 0x100000))))))
    (if (i32.ge_u (local.get $distance) (i32.const 0x3700000)) (then (return (local.get $x))))
    (local.set $power (call $zk.rpow2_64 (call $zk.div_exact (local.get $distance) (i32.const 0x100000))))
    (local.set $part
      (call $zk.mulhi_add (local.get $significand) (local.get $power) (i64.const 0x8000000000000000)))
    (local.set $rest
      (call $zk.mullo_add (local.get $significand) (local.get $power) (i64.const 0x8000000000000000)))
    (block $lost
      (local.set $left (i64.sub (local.get $fraction) (local.get $part)))
      (br_if $lost (i64.lt_u (local.get $fraction) (local.get $left)))
      (if (i64.eqz (local.get $left))
        (then
          ;; perhaps less than nothing is left
          (br_if $lost (i64.lt_u (i64.const 0x8000000000000000) (local.get $rest))))
        (else
          (if (i64.eqz (local.get $rest))
            (then (local.set $left (i64.add (local.get $left) (i64.and (local.get $left) (i64.const 1))))))))
      (return (call $zk.join (local.get $left) (call $zk.cut (local.get $x) (local.get $fraction)))))
    ;; one more bit in front, and more only where nothing is behind
    (if (i32.eq (local.get $distance) (i32.const 0x100000))
      (then
        (local.set $left (call $zk.add_high (local.get $fraction) (i32.const 0x100000)))
        (local.set $left (i64.sub (i64.add (local.get $left) (local.get $left)) (local.get $significand)))
        (local.set $power (call $zk.cut (local.get $x) (call $zk.add_high (local.get $fraction) (i32.const 0x200000))))
        (if (i64.ge_u (local.get $left) (i64.const 0x10000000000000))
          (then (return (call $zk.join (local.get $left) (local.get $power)))))
        (return (call $normalise (local.get $left)
          (call $zk.div_exact (call $zk.upper (call $zk.cut (call $zk.cut (local.get $x) (local.get $fraction))
            (i64.const 0x10000000000000))) (i32.const 0x100000))))))
    (local.set $power (i64.add (local.get $power) (local.get $power)))
    (local.set $part
      (call $zk.mulhi_add (local.get $significand) (local.get $power) (i64.const 0x8000000000000000)))
    (local.set $rest
      (call $zk.mullo_add (local.get $significand) (local.get $power) (i64.const 0x8000000000000000)))
    (local.set $left (i64.sub (i64.add (local.get $x) (local.get $fraction)) (local.get $part)))
    (if (i64.eqz (local.get $rest))
      (then (local.set $left (i64.add (local.get $left) (i64.and (local.get $left) (i64.const 1))))))
    (local.get $left))
  ;; What was halved, the bit that it lost and the fraction behind that.
  (func $round_half (param $half i64) (param $bit i64) (param $fraction i64) (result i64)
    (if (i64.eqz (local.get $bit)) (then (return (local.get $half))))
    (if (i64.eqz (local.get $fraction))
      (then (return (i64.add (local.get $half) (i64.and (local.get $half) (i64.const 1))))))
    (i64.add (local.get $half) (i64.const 1)))
  ;; x + y where one is infinite, a NaN, 0 or below the normal numbers, or has their greatest exponent.
  (func $add_other (export "add_other_f64") (param $x i64) (param $y i64) (result i64)
    (local $exponent i32) (local $other_exponent i32) (local $swap i64)
    (local $fraction i64) (local $significand i64)
    (if (call $is_nan (local.get $x)) (then (return (i64.const 0x7ff8000000000000))))
    (if (call $is_nan (local.get $y)) (then (return (i64.const 0x7ff8000000000000))))
    (local.set $exponent (call $exponent_of (local.get $x)))
    (local.set $other_exponent (call $exponent_of (local.get $y)))
    (if (i32.lt_u (local.get $exponent) (local.get $other_exponent))
      (then
        (local.set $swap (local.get $x)) (local.set $x (local.get $y)) (local.set $y (local.get $swap))
        (local.set $exponent (local.get $other_exponent))
        (local.set $other_exponent (call $exponent_of (local.get $y)))))
    (if (i32.eq (local.get $other_exponent) (i32.const 0x7ff00000))
      (then (if (i64.ne (local.get $x) (local.get $y)) (then (return (i64.const 0x7ff8000000000000))))))
    (if (i32.eq (local.get $exponent) (i32.const 0x7ff00000)) (then (return (local.get $x))))
    (if (i32.le_u (local.get $exponent) (i32.const 0x100000))
      (then (return (call $add_smallest (local.get $x) (local.get $y)))))
    (if (i64.eqz (i64.shl (local.get $y) (i64.const 1))) (then (return (local.get $x))))
    (local.set $significand (call $fraction_of (local.get $y)))
    (if (local.get $other_exponent)
      (then (local.set $significand (call $zk.add_high (local.get $significand) (i32.const 0x100000))))
      (else (local.set $other_exponent (i32.const 0x100000))))
    (if (call $is_negative (i64.xor (local.get $x) (local.get $y)))
      (then
        (local.set $fraction (call $fraction_of (local.get $x)))
        (if (i32.eq (local.get $exponent) (local.get $other_exponent))
          (then
            (if (i64.lt_u (local.get $fraction) (call $fraction_of (local.get $y)))
              (then
                (local.set $x (local.get $y))
                (local.set $significand (call $zk.add_high (local.get $fraction) (i32.const 0x100000)))
                (local.set $fraction (call $fraction_of (local.get $x)))))))
        (return (call $sub_magnitudes (local.get $x) (local.get $fraction) (local.get $significand)
          (call $zk.sub_nw (local.get $exponent) (local.get $other_exponent))))))
    (local.set $x
      (call $add_magnitudes (local.get $x) (call $fraction_of (local.get $x)) (local.get $significand)
        (call $zk.sub_nw (local.get $exponent) (local.get $other_exponent))))
    (if (i32.eq (call $exponent_of (local.get $x)) (i32.const 0x7ff00000))
      (then (return (i64.and (local.get $x) (i64.const 0xfff0000000000000)))))
    (local.get $x))
  ;; An exact significand that is not 0 and below 2^53, with a sign and an exponent of at least 1.
  (func $normalise (export "normalise_f64") (param $significand i64) (param $top i32) (result i64)
    (local $zeros i32) (local $shifted i64) (local $exponent i32)
    (local.set $zeros (call $zk.clz_nz_64 (local.get $significand)))
    (local.set $shifted (call $zk.shl_clz (local.get $significand)))
    (block $normal
      ;; at most 53 places
      (block $near
        (br_if $near (i32.lt_u (local.get $top) (i32.const 54)))
        (br_if $normal (i32.lt_u (local.get $top) (i32.const 2048)))
        (br_if $normal (i32.ge_u (local.get $top) (i32.const 2102))))
      (local.set $exponent (i32.and (local.get $top) (i32.const 2047)))
      (br_if $normal (i32.lt_u (local.get $zeros) (call $zk.add_nw (local.get $exponent) (i32.const 11))))
      (return (call $packed
        (call $zk.mul_nw (local.get $significand)
          (call $zk.pow2_64 (call $zk.sub_nw (local.get $exponent) (i32.const 1))))
        (call $zk.sub_nw (local.get $top) (local.get $exponent)))))
    (call $packed
      (i64.shr_u (local.get $shifted) (i64.const 11))
      (call $zk.sub_nw (call $zk.add_nw (local.get $top) (i32.const 10)) (local.get $zeros))))
  ;; Exponents of at most 1: the bits without sign are multiples of one number, and only a sum of 54 bits is rounded.
  (func $add_smallest (export "add_smallest_f64") (param $x i64) (param $y i64) (result i64)
    (local $left i64) (local $right i64)
    (local.set $left (i64.and (local.get $x) (i64.const 0x7fffffffffffffff)))
    (local.set $right (i64.and (local.get $y) (i64.const 0x7fffffffffffffff)))
    (if (call $is_negative (i64.xor (local.get $x) (local.get $y)))
      (then
        (if (i64.eq (local.get $left) (local.get $right)) (then (return (i64.const 0))))
        (if (i64.lt_u (local.get $left) (local.get $right))
          (then
            (return (i64.or (i64.and (local.get $y) (i64.const 0x8000000000000000))
              (i64.sub (local.get $right) (local.get $left))))))
        (return (i64.or (i64.and (local.get $x) (i64.const 0x8000000000000000))
          (i64.sub (local.get $left) (local.get $right))))))
    (local.set $left (i64.add (local.get $left) (local.get $right)))
    (if (i32.ge_u (call $zk.high (local.get $left)) (i32.const 0x200000))
      (then
        (local.set $left (call $round_half
          (i64.add (i64.shr_u (local.get $left) (i64.const 1)) (i64.const 0x10000000000000))
          (i64.shl (local.get $left) (i64.const 63)) (i64.const 0)))))
    (i64.or (i64.and (local.get $x) (i64.const 0x8000000000000000)) (local.get $left)))

  ;; Multiplication: of a significand and the other's fraction, both of whose words are exact. Usual operands, and their
  ;; product, are not near the end of what there is: they have exponents from 512 on, and a sum of exponents up to 2558.
  ;; So have two tops with a sum below 2559; with one sign, where one is from 2560 on, the bound is 2048 higher, with two
  ;; another 2048. One sign goes through the sum into the product by itself.
  (func (export "float.mul_f64") (param $x i64) (param $y i64) (result i64)
    (local $top i32) (local $other_top i32) (local $sum i32)
    (local $significand i64) (local $fraction i64) (local $part i64) (local $rest i64) (local $high i64)
    (local.set $top (call $top (local.get $x)))
    (local.set $fraction (i64.shl (local.get $x) (i64.const 12)))
    (local.set $other_top (call $top (local.get $y)))
    (local.set $significand (call $zk.significand (local.get $y) (local.get $other_top)))
    (block $usual
      (block $other
        (br_if $other (i32.lt_u (local.get $top) (i32.const 512)))
        (br_if $other (i32.lt_u (local.get $other_top) (i32.const 512)))
        ;; of the sum itself nothing else would need a register
        (br_if $usual (i32.lt_u
          (call $zk.add_nw (call $zk.add_nw (local.get $top) (i32.const 1)) (local.get $other_top)) (i32.const 2560)))
        (local.set $sum (call $zk.add_nw (local.get $top) (local.get $other_top)))
        (if (i32.lt_u (local.get $top) (i32.const 2560))
          (then
            (br_if $other (i32.lt_u (local.get $other_top) (i32.const 2560)))
            (br_if $usual (i32.lt_u (local.get $sum) (i32.const 4607)))
            (br $other)))
        (br_if $usual (i32.lt_u (local.get $sum) (i32.const 4607)))
        (br_if $other (i32.lt_u (local.get $other_top) (i32.const 2560)))
        (br_if $other (i32.ge_u (local.get $sum) (i32.const 6655)))
        (local.set $top (call $zk.sub_nw (local.get $top) (i32.const 2048)))
        (local.set $other_top (call $zk.sub_nw (local.get $other_top) (i32.const 2048)))
        (br $usual))
      (return (call $mul_other (local.get $fraction) (local.get $significand) (local.get $top) (local.get $other_top))))
    ;; A half is added below the significand, so that it is rounded; a rest of 0 says that there was a half. The sum
    ;; has 2^64 - 2^53 too much: then its carry says whether it has 54 bits.
    (local.set $part
      (call $zk.mulhi_add (local.get $significand) (local.get $fraction) (i64.const 0x8000000000000000)))
    (local.set $rest
      (call $zk.mullo_add (local.get $significand) (local.get $fraction) (i64.const 0x8000000000000000)))
    (if (i64.eqz (local.get $rest))
      (then
        (return (call $mul_half (i64.add (local.get $significand) (local.get $part))
          (call $zk.add_nw (local.get $top) (local.get $other_top))))))
    (local.set $high (i64.add (local.get $significand) (call $zk.add_high (local.get $part) (i32.const 0xffe00000))))
    (if (i64.lt_u (local.get $high) (local.get $significand))
      (then
        (local.set $high (call $zk.add_high (local.get $high) (i32.const 0x200000)))
        (local.set $part
          (call $zk.mulhi_add (local.get $high) (i64.const 0x8000000000000000) (local.get $rest)))
        (local.set $rest
          (call $zk.mullo_add (local.get $high) (i64.const 0x8000000000000000) (local.get $rest)))
        (if (i64.eqz (local.get $rest))
          (then (local.set $part (i64.sub (local.get $part) (i64.and (local.get $part) (i64.const 1))))))
        (return (call $packed (local.get $part)
          (call $zk.sub_nw (call $zk.add_nw (local.get $top) (local.get $other_top)) (i32.const 1023))))))
    ;; what is too much, and 1024 less than the sum of the exponents
    (call $zk.cut_high (local.get $high)
      (call $zk.sub_nw (i32.const 0xffe00000)
        (call $zk.mul_nw_32
          (call $zk.sub_nw (call $zk.add_nw (local.get $top) (local.get $other_top)) (i32.const 1024))
          (i32.const 0x100000)))))
  ;; The product of 53 or 54 bits was a half less than this.
  (func $mul_half (param $significand i64) (param $sum i32) (result i64)
    (if (i32.lt_u (call $zk.high (local.get $significand)) (i32.const 0x200000))
      (then
        (return (call $packed
          (i64.sub (local.get $significand) (i64.and (local.get $significand) (i64.const 1)))
          (call $zk.sub_nw (local.get $sum) (i32.const 1024))))))
    (call $packed (i64.shr_u (local.get $significand) (i64.const 1)) (call $zk.sub_nw (local.get $sum) (i32.const 1023))))
  ;; Any operands: x without its first 12 bits, the significand of y, and the first 12 bits of both.
  (func $mul_other (export "mul_other_f64") (param $fraction i64) (param $significand i64) (param $top i32)
      (param $other_top i32) (result i64)
    (local $exponent i32) (local $other_exponent i32) (local $sign i32)
    (local.set $exponent (i32.and (local.get $top) (i32.const 2047)))
    (local.set $other_exponent (i32.and (local.get $other_top) (i32.const 2047)))
    (local.set $sign (i32.and (i32.xor (local.get $top) (local.get $other_top)) (i32.const 2048)))
    (block $infinite
      (block $other_infinite
        (br_if $infinite (i32.eq (local.get $exponent) (i32.const 2047)))
        (br_if $other_infinite (i32.eq (local.get $other_exponent) (i32.const 2047)))
        (if (i32.eqz (local.get $exponent))
          (then
            (if (i64.eqz (local.get $fraction)) (then (return (call $packed (i64.const 0) (local.get $sign)))))
            (if (i32.eqz (local.get $other_exponent)) (then (return (call $packed (i64.const 0) (local.get $sign)))))
            ;; the fraction behind the leading one, and the exponent below 1 for that
            (local.set $other_exponent
              (call $zk.sub_nw (call $zk.add_nw (local.get $other_exponent) (i32.const 1025))
                (call $zk.clz_nz_64 (local.get $fraction))))
            (local.set $fraction (call $zk.shl_clz (local.get $fraction)))
            (local.set $fraction (i64.add (local.get $fraction) (local.get $fraction)))
            (return (call $mul_any (local.get $fraction) (local.get $significand) (local.get $other_exponent)
              (local.get $sign)))))
        (if (i32.eqz (local.get $other_exponent))
          (then
            (local.set $significand (i64.sub (local.get $significand) (i64.const 0x10000000000000)))
            (if (i64.eqz (local.get $significand)) (then (return (call $packed (i64.const 0) (local.get $sign)))))
            (local.set $exponent
              (call $zk.sub_nw (call $zk.add_nw (local.get $exponent) (i32.const 1037))
                (call $zk.clz_nz_64 (local.get $significand))))
            (local.set $significand (i64.shr_u (call $zk.shl_clz (local.get $significand)) (i64.const 11)))
            (return (call $mul_any (local.get $fraction) (local.get $significand) (local.get $exponent)
              (local.get $sign)))))
        (return (call $mul_any (local.get $fraction) (local.get $significand)
          (call $zk.add_nw (call $zk.add_nw (local.get $exponent) (local.get $other_exponent)) (i32.const 1025))
          (local.get $sign))))
      ;; only y has the greatest exponent
      (if (i64.ne (local.get $significand) (i64.const 0x10000000000000))
        (then (return (i64.const 0x7ff8000000000000))))
      (if (i32.eqz (local.get $exponent))
        (then (if (i64.eqz (local.get $fraction)) (then (return (i64.const 0x7ff8000000000000))))))
      (return (call $packed (i64.const 0x7ff0000000000000) (local.get $sign))))
    (if (i64.ne (local.get $fraction) (i64.const 0)) (then (return (i64.const 0x7ff8000000000000))))
    (if (i64.eq (local.get $significand) (i64.const 0x10000000000000))
      (then (if (i32.eqz (local.get $other_exponent)) (then (return (i64.const 0x7ff8000000000000)))))
      (else (if (i32.eq (local.get $other_exponent) (i32.const 2047)) (then (return (i64.const 0x7ff8000000000000))))))
    (call $packed (i64.const 0x7ff0000000000000) (local.get $sign)))
  ;; A significand times one and a fraction, with the exponent and the sign as in finish.
  (func $mul_any (export "mul_any_f64") (param $fraction i64) (param $significand i64) (param $exponent i32)
      (param $sign i32) (result i64)
    (call $finish
      (i64.add (local.get $significand) (call $zk.mulhi_u (local.get $significand) (local.get $fraction)))
      (i64.mul (local.get $significand) (local.get $fraction))
      (local.get $exponent) (local.get $sign)))
  ;; A significand of 53 or 54 bits with a fraction, any exponent plus 2048 that belongs to 53 bits, and a sign.
  (func $finish (export "finish_f64") (param $significand i64) (param $fraction i64) (param $exponent i32) (param $sign i32)
      (result i64)
    (local $distance i32) (local $power i64)
    (if (i32.ge_u (call $zk.high (local.get $significand)) (i32.const 0x200000))
      (then
        (local.set $fraction (i64.or
          (i64.or (i64.shl (local.get $significand) (i64.const 63)) (i64.shr_u (local.get $fraction) (i64.const 1)))
          (i64.and (local.get $fraction) (i64.const 1))))
        (local.set $significand (i64.shr_u (local.get $significand) (i64.const 1)))
        (local.set $exponent (i32.add (local.get $exponent) (i32.const 1)))))
    (if (i32.ge_u (local.get $exponent) (i32.const 4095))
      (then (return (call $packed (i64.const 0x7ff0000000000000) (local.get $sign)))))
    (if (i32.gt_u (local.get $exponent) (i32.const 2048))
      (then
        (return (call $packed (call $round (local.get $significand) (local.get $fraction))
          (call $zk.add_nw (call $zk.sub_nw (local.get $exponent) (i32.const 2049)) (local.get $sign))))))
    (local.set $distance (call $zk.sub_nw (i32.const 2049) (local.get $exponent)))
    (if (i32.ge_u (local.get $distance) (i32.const 54))
      (then (return (call $packed (i64.const 0) (local.get $sign)))))
    (local.set $power (call $zk.rpow2_64 (local.get $distance)))
    (call $packed
      (call $round (call $zk.mulhi_u (local.get $significand) (local.get $power))
        (i64.or (i64.mul (local.get $significand) (local.get $power))
          (i64.extend_i32_u (i64.ne (local.get $fraction) (i64.const 0)))))
      (local.get $sign)))

  ;; Division. The usual operands have exponents from 640 on, and a sum of exponents up to 2300: a sum with signs as in a
  ;; product. Then their difference is small enough, and with one sign it has it; where only y has one, 4096 go to it.
  (func (export "float.div_f64") (param $x i64) (param $y i64) (result i64)
    (local $top i32) (local $other_top i32) (local $sum i32) (local $left i64) (local $right i64)
    (local.set $top (call $top (local.get $x)))
    (local.set $left (call $zk.significand (local.get $x) (local.get $top)))
    (local.set $other_top (call $top (local.get $y)))
    (local.set $right (call $zk.significand (local.get $y) (local.get $other_top)))
    (block $usual
      (block $other
        (br_if $other (i32.lt_u (local.get $top) (i32.const 640)))
        (br_if $other (i32.lt_u (local.get $other_top) (i32.const 640)))
        ;; of the sum itself nothing else would need a register
        (br_if $usual (i32.lt_u
          (call $zk.add_nw (call $zk.add_nw (local.get $top) (i32.const 1)) (local.get $other_top)) (i32.const 2302)))
        (local.set $sum (call $zk.add_nw (local.get $top) (local.get $other_top)))
        (if (i32.lt_u (local.get $top) (i32.const 2688))
          (then
            (br_if $other (i32.lt_u (local.get $other_top) (i32.const 2688)))
            (br_if $other (i32.ge_u (local.get $sum) (i32.const 4349)))
            (local.set $top (call $zk.add_nw (local.get $top) (i32.const 4096)))
            (br $usual)))
        (br_if $usual (i32.lt_u (local.get $sum) (i32.const 4349)))
        (br_if $other (i32.lt_u (local.get $other_top) (i32.const 2688)))
        (br_if $usual (i32.lt_u (local.get $sum) (i32.const 6397))))
      (return (call $div_other (local.get $left) (local.get $right) (local.get $top) (local.get $other_top))))
    (if (i64.lt_u (local.get $left) (local.get $right))
      (then
        (return (call $packed
          (call $quotient (i64.shr_u (local.get $left) (i64.const 10)) (i64.shl (local.get $left) (i64.const 54))
            (local.get $right))
          (call $zk.sub_nw (call $zk.add_nw (local.get $top) (i32.const 1021)) (local.get $other_top))))))
    (call $packed
      (call $quotient (i64.shr_u (local.get $left) (i64.const 11)) (i64.shl (local.get $left) (i64.const 53))
        (local.get $right))
      (call $zk.sub_nw (call $zk.add_nw (local.get $top) (i32.const 1022)) (local.get $other_top))))
  ;; Half of the quotient, rounded: twice y goes once more into what is y more. The low word has zeros where y has bits. It
  ;; is never a half too much: that would have an odd number of 54 bits divide one of 53.
  (func $quotient (param $high i64) (param $low i64) (param $y i64) (result i64)
    (call $zk.div_wide (local.get $high) (call $zk.join (local.get $low) (local.get $y))
      (i64.add (local.get $y) (local.get $y))))
  ;; Any operands: their significands and their first 12 bits.
  (func $div_other (export "div_other_f64") (param $left i64) (param $right i64) (param $top i32) (param $other_top i32)
      (result i64)
    (local $exponent i32) (local $other_exponent i32) (local $sign i32)
    (local.set $exponent (i32.and (local.get $top) (i32.const 2047)))
    (local.set $other_exponent (i32.and (local.get $other_top) (i32.const 2047)))
    (local.set $sign (i32.and (i32.xor (local.get $top) (local.get $other_top)) (i32.const 2048)))
    (if (i32.eq (local.get $exponent) (i32.const 2047))
      (then
        (if (i64.ne (local.get $left) (i64.const 0x10000000000000)) (then (return (i64.const 0x7ff8000000000000))))
        (if (i32.eq (local.get $other_exponent) (i32.const 2047)) (then (return (i64.const 0x7ff8000000000000))))
        (return (call $packed (i64.const 0x7ff0000000000000) (local.get $sign)))))
    (if (i32.eq (local.get $other_exponent) (i32.const 2047))
      (then
        (if (i64.ne (local.get $right) (i64.const 0x10000000000000)) (then (return (i64.const 0x7ff8000000000000))))
        (return (call $packed (i64.const 0) (local.get $sign)))))
    (if (i32.eqz (local.get $other_exponent))
      (then
        (local.set $right (i64.sub (local.get $right) (i64.const 0x10000000000000)))
        (if (i64.eqz (local.get $right))
          (then
            (if (i32.eqz (local.get $exponent))
              (then
                (if (i64.eq (local.get $left) (i64.const 0x10000000000000))
                  (then (return (i64.const 0x7ff8000000000000))))))
            (return (call $packed (i64.const 0x7ff0000000000000) (local.get $sign)))))
        (local.set $other_exponent (call $zk.sub_nw (i32.const 2060) (call $zk.clz_nz_64 (local.get $right))))
        (local.set $right (i64.shr_u (call $zk.shl_clz (local.get $right)) (i64.const 11))))
      (else (local.set $other_exponent (call $zk.add_nw (local.get $other_exponent) (i32.const 2048)))))
    (if (i32.eqz (local.get $exponent))
      (then
        (local.set $left (i64.sub (local.get $left) (i64.const 0x10000000000000)))
        (if (i64.eqz (local.get $left)) (then (return (call $packed (i64.const 0) (local.get $sign)))))
        (local.set $exponent (call $zk.sub_nw (i32.const 5131) (call $zk.clz_nz_64 (local.get $left))))
        (local.set $left (i64.shr_u (call $zk.shl_clz (local.get $left)) (i64.const 11))))
      (else (local.set $exponent (call $zk.add_nw (local.get $exponent) (i32.const 5119)))))
    ;; as in finish, for a quotient of at least 1
    (local.set $exponent (call $zk.sub_nw (local.get $exponent) (local.get $other_exponent)))
    (if (i64.lt_u (local.get $left) (local.get $right))
      (then
        (return (call $div_significands (i64.shr_u (local.get $left) (i64.const 11))
          (i64.shl (local.get $left) (i64.const 53)) (local.get $right)
          (call $zk.sub_nw (local.get $exponent) (i32.const 1)) (local.get $sign)))))
    (call $div_significands (i64.shr_u (local.get $left) (i64.const 12))
      (i64.shl (local.get $left) (i64.const 52)) (local.get $right) (local.get $exponent) (local.get $sign)))
  ;; The quotient with its exponent as in finish.
  (func $div_significands (param $high i64) (param $low i64) (param $y i64) (param $exponent i32) (param $sign i32)
      (result i64)
    (local $rest i64)
    (local.set $rest (call $zk.rem_wide (local.get $high) (local.get $low) (local.get $y)))
    (call $finish (call $zk.div_wide (local.get $high) (local.get $low) (local.get $y))
      (i64.or
        (i64.shl (i64.extend_i32_u (i64.lt_u (local.get $y) (i64.add (local.get $rest) (local.get $rest)))) (i64.const 63))
        (i64.extend_i32_u (i64.ne (local.get $rest) (i64.const 0))))
      (local.get $exponent) (local.get $sign)))

  (func (export "float.sqrt_f64") (param $x i64) (result i64)
    (local $top i32) (local $significand i64) (local $zeros i32)
    (local.set $top (call $top (local.get $x)))
    (if (i32.eqz (local.get $top))
      (then
        (if (i64.eqz (local.get $x)) (then (return (local.get $x))))
        ;; an even shift, and the exponent is 0 - shift / 2: those of sqrt_of are halved with 1022 added
        (local.set $zeros (call $zk.clz_nz_64 (local.get $x)))
        (return (call $sqrt_of (i64.shr_u (call $zk.shl_clz (local.get $x)) (i64.const 11))
          (call $zk.sub_nw (i32.const 1035) (local.get $zeros))))))
    (if (i32.ge_u (local.get $top) (i32.const 2047))
      (then
        (if (i64.eq (local.get $x) (i64.const 0x8000000000000000)) (then (return (local.get $x))))
        (if (i64.eq (local.get $x) (i64.const 0x7ff0000000000000)) (then (return (local.get $x))))
        (return (i64.const 0x7ff8000000000000))))
    (call $sqrt_of (call $zk.significand (local.get $x) (local.get $top))
      (call $zk.add_nw (local.get $top) (i32.const 1023))))
  ;; The root of a significand with an exponent to which 1023 were added.
  (func $sqrt_of (param $significand i64) (param $exponent i32) (result i64)
    (local $root i64) (local $rest i64)
    (if (i32.and (local.get $exponent) (i32.const 1))
      (then
        (local.set $root (call $zk.sqrt (i64.shr_u (local.get $significand) (i64.const 11))
          (i64.shl (local.get $significand) (i64.const 53))))
        (local.set $rest (call $zk.sqrt_rest (i64.shr_u (local.get $significand) (i64.const 11))
          (i64.shl (local.get $significand) (i64.const 53)))))
      (else
        (local.set $root (call $zk.sqrt (i64.shr_u (local.get $significand) (i64.const 12))
          (i64.shl (local.get $significand) (i64.const 52))))
        (local.set $rest (call $zk.sqrt_rest (i64.shr_u (local.get $significand) (i64.const 12))
          (i64.shl (local.get $significand) (i64.const 52))))))
    (local.set $exponent (call $zk.sub_nw (i32.shr_u (local.get $exponent) (i32.const 1)) (i32.const 1)))
    (if (i64.lt_u (local.get $root) (local.get $rest))
      (then (return (call $packed (i64.add (local.get $root) (i64.const 1)) (local.get $exponent)))))
    (call $packed (local.get $root) (local.get $exponent)))

  ;; Rounding to integers: a mask keeps the whole part of what has both parts. Exponents below 1023 have none, those from
  ;; 1075 on no fraction.
  (func $pow2_of (param $exponent i32) (param $less i32) (result i64)
    (call $zk.pow2_64
      (call $zk.div_exact (call $zk.sub_nw (local.get $exponent) (local.get $less)) (i32.const 0x100000))))
  (func $mask (param $exponent i32) (result i64)
    (i64.sub (i64.const 0) (call $pow2_of (i32.const 0x43300000) (local.get $exponent))))
  (func $whole_or_nan (param $x i64) (result i64)
    (if (call $is_nan (local.get $x)) (then (return (i64.const 0x7ff8000000000000))))
    (local.get $x))
  (func (export "float.trunc_f64") (param $x i64) (result i64)
    (local $exponent i32)
    (local.set $exponent (call $exponent_of (local.get $x)))
    (if (i32.lt_u (local.get $exponent) (i32.const 0x3ff00000))
      (then (return (i64.and (local.get $x) (i64.const 0x8000000000000000)))))
    (if (i32.ge_u (local.get $exponent) (i32.const 0x43300000)) (then (return (call $whole_or_nan (local.get $x)))))
    (i64.and (local.get $x) (call $mask (local.get $exponent))))
  (func (export "float.floor_f64") (param $x i64) (result i64)
    (local $exponent i32) (local $mask i64) (local $whole i64)
    (local.set $exponent (call $exponent_of (local.get $x)))
    (if (i32.lt_u (local.get $exponent) (i32.const 0x3ff00000))
      (then
        (if (i32.eqz (i32.ge_u (call $zk.high (local.get $x)) (i32.const 0x80000000))) (then (return (i64.const 0))))
        (if (i64.eq (local.get $x) (i64.const 0x8000000000000000)) (then (return (local.get $x))))
        (return (i64.const 0xbff0000000000000))))
    (if (i32.ge_u (local.get $exponent) (i32.const 0x43300000)) (then (return (call $whole_or_nan (local.get $x)))))
    (local.set $mask (call $mask (local.get $exponent)))
    (local.set $whole (i64.and (local.get $x) (local.get $mask)))
    (if (i32.lt_u (call $zk.high (local.get $x)) (i32.const 0x80000000)) (then (return (local.get $whole))))
    (if (i64.eq (local.get $whole) (local.get $x)) (then (return (local.get $x))))
    (i64.sub (local.get $whole) (local.get $mask)))
  (func (export "float.ceil_f64") (param $x i64) (result i64)
    (local $exponent i32) (local $mask i64) (local $whole i64)
    (local.set $exponent (call $exponent_of (local.get $x)))
    (if (i32.lt_u (local.get $exponent) (i32.const 0x3ff00000))
      (then
        (if (i32.ge_u (call $zk.high (local.get $x)) (i32.const 0x80000000)) (then (return (i64.const 0x8000000000000000))))
        (if (i64.eqz (local.get $x)) (then (return (local.get $x))))
        (return (i64.const 0x3ff0000000000000))))
    (if (i32.ge_u (local.get $exponent) (i32.const 0x43300000)) (then (return (call $whole_or_nan (local.get $x)))))
    (local.set $mask (call $mask (local.get $exponent)))
    (local.set $whole (i64.and (local.get $x) (local.get $mask)))
    (if (i32.ge_u (call $zk.high (local.get $x)) (i32.const 0x80000000)) (then (return (local.get $whole))))
    (if (i64.eq (local.get $whole) (local.get $x)) (then (return (local.get $x))))
    (i64.sub (local.get $whole) (local.get $mask)))
  ;; Half of the last whole bit is added; what was a half exactly loses a last bit that is odd then.
  (func (export "float.nearest_f64") (param $x i64) (result i64)
    (local $exponent i32) (local $half i64) (local $mask i64) (local $sum i64)
    (local.set $exponent (call $exponent_of (local.get $x)))
    (if (i32.lt_u (local.get $exponent) (i32.const 0x3ff00000))
      (then
        (if (i32.eq (local.get $exponent) (i32.const 0x3fe00000))
          (then
            (if (i64.ne (call $fraction_of (local.get $x)) (i64.const 0))
              (then
                (return (i64.or (i64.and (local.get $x) (i64.const 0x8000000000000000))
                  (i64.const 0x3ff0000000000000)))))))
        (return (i64.and (local.get $x) (i64.const 0x8000000000000000)))))
    (if (i32.ge_u (local.get $exponent) (i32.const 0x43300000)) (then (return (call $whole_or_nan (local.get $x)))))
    (local.set $half (call $pow2_of (i32.const 0x43200000) (local.get $exponent)))
    (local.set $mask (i64.sub (i64.const 0) (i64.add (local.get $half) (local.get $half))))
    (local.set $sum (i64.add (local.get $x) (local.get $half)))
    (if (i64.eq (i64.and (local.get $sum) (local.get $mask)) (local.get $sum))
      (then (return (i64.and (local.get $sum) (i64.add (local.get $mask) (local.get $mask))))))
    (i64.and (local.get $sum) (local.get $mask)))
