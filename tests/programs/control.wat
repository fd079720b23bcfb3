;; Control flow that C compilers seldom write: a register machine that dispatches with br_table, several results,
;; globals that keep state between calls, and a walk by mutual recursion.
(module
  (global $calls (export "calls") (mut i32) (i32.const 0))
  (global $accumulator (export "accumulator") (mut i64) (i64.const 1))
  (start $begin)

  (func $begin
    (global.set $accumulator (i64.const 0x0123456789abcdef)))

  ;; quotient and remainder at once
  (func $divide (export "divide") (param $a i64) (param $b i64) (result i64 i64)
    (i64.div_s (local.get $a) (local.get $b))
    (i64.rem_s (local.get $a) (local.get $b)))

  ;; Runs the 4-bit instructions of $program from the lowest, until instruction 0, on two registers
  (func (export "machine") (param $program i64) (param $x i64) (param $y i64) (result i64 i64)
    (local $spare i64)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (block $done
      (loop $next
        (block $exchange
          (block $rotate
            (block $divide
              (block $double
                (block $subtract
                  (block $multiply
                    (block $add
                      (br_table $done $add $multiply $subtract $double $divide $rotate $exchange
                        (i32.and (i32.wrap_i64 (local.get $program)) (i32.const 15))))
                    (local.set $x (i64.add (local.get $x) (local.get $y)))
                    (local.set $program (i64.shr_u (local.get $program) (i64.const 4)))
                    (br $next))
                  (local.set $x (i64.mul (local.get $x) (local.get $y)))
                  (local.set $program (i64.shr_u (local.get $program) (i64.const 4)))
                  (br $next))
                (local.set $x (i64.sub (local.get $x) (local.get $y)))
                (local.set $program (i64.shr_u (local.get $program) (i64.const 4)))
                (br $next))
              (local.set $x (i64.shl (local.get $x) (i64.const 1)))
              (local.set $program (i64.shr_u (local.get $program) (i64.const 4)))
              (br $next))
            (call $divide (local.get $x) (local.get $y))
            (local.set $y)
            (local.set $x)
            (local.set $program (i64.shr_u (local.get $program) (i64.const 4)))
            (br $next))
          (local.set $x (i64.rotl (local.get $x) (local.get $y)))
          (local.set $program (i64.shr_u (local.get $program) (i64.const 4)))
          (br $next))
        (local.set $spare (local.get $x))
        (local.set $x (local.get $y))
        (local.set $y (local.get $spare))
        (local.set $program (i64.shr_u (local.get $program) (i64.const 4)))
        (br $next)))
    (local.get $x)
    (local.get $y))

  ;; Stirs a word into the accumulator and gives it back
  (func (export "absorb") (param $word i64) (result i64)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (global.set $accumulator
      (i64.mul
        (i64.rotl (i64.xor (global.get $accumulator) (local.get $word)) (i64.const 23))
        (i64.const 0x9e3779b97f4a7c15)))
    (global.get $accumulator))

  ;; Hofstadter's female and male sequences
  (func $female (export "female") (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (i32.const 1))
      (else (i32.sub (local.get $n) (call $male (call $female (i32.sub (local.get $n) (i32.const 1))))))))
  (func $male (export "male") (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (i32.const 0))
      (else (i32.sub (local.get $n) (call $female (call $male (i32.sub (local.get $n) (i32.const 1))))))))

  ;; The median of three by select
  (func (export "median") (param $a i32) (param $b i32) (param $c i32) (result i32)
    (local $low i32)
    (local $high i32)
    (local.set $low (select (local.get $a) (local.get $b) (i32.lt_s (local.get $a) (local.get $b))))
    (local.set $high (select (local.get $b) (local.get $a) (i32.lt_s (local.get $a) (local.get $b))))
    (local.set $high (select (local.get $c) (local.get $high) (i32.lt_s (local.get $c) (local.get $high))))
    (select (local.get $low) (local.get $high) (i32.lt_s (local.get $high) (local.get $low))))
)
