;; What a program has only so much of: frames of recursive functions, parameters, results
(module
  (global $depth (export "depth") (mut i32) (i32.const 0))

  ;; Counts its own activations; never returns
  (func $endless (export "endless") (param i64) (result i64)
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (i64.mul (local.get 0) (call $endless (i64.add (local.get 0) (i64.const 1)))))

  ;; $n activations, each of which keeps three values alive over the call
  (func $nested (export "nested") (param $n i32) (param $a i64) (param $b i64) (result i64)
    (if (i32.eqz (local.get $n)) (then (return (i64.xor (local.get $a) (local.get $b)))))
    (i64.sub
      (i64.mul (local.get $a) (i64.extend_i32_u (local.get $n)))
      (i64.add
        (call $nested
          (i32.sub (local.get $n) (i32.const 1))
          (i64.add (local.get $b) (i64.const 3))
          (i64.rotl (local.get $a) (i64.const 5)))
        (local.get $b))))

  ;; Every public argument word and every result word
  (func (export "widest") (param i64 i32 i64 i32 i64 i32 i64 i32)
    (result i32 i64 i32 i64 i32 i64 i32 i64 i64 i32 i64)
    (local.get 7) (local.get 6) (local.get 5) (local.get 4) (local.get 3) (local.get 2) (local.get 1) (local.get 0)
    (i64.add (local.get 0) (local.get 6))
    (i32.sub (local.get 1) (local.get 7))
    (i64.const -1))

  ;; Twelve parameters and thirteen results inside of the module
  (func $wider (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i32 i32)
    (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i32 i32 i64)
    (local.get 9) (local.get 8) (local.get 7) (local.get 6) (local.get 5) (local.get 4) (local.get 3) (local.get 2)
    (local.get 1) (local.get 0) (local.get 11) (local.get 10)
    (i64.div_u (local.get 0) (local.get 9)))
  (func (export "through_wider") (param $x i64) (result i64)
    (local $sum i64)
    (call $wider
      (local.get $x) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8)
      (i64.const 9) (i64.rotl (local.get $x) (i64.const 8)) (i32.wrap_i64 (local.get $x)) (i32.const 12))
    (local.set $sum)
    (i64.extend_i32_u)
    (local.set $sum (i64.add (local.get $sum) (i64.const 1)))
    (i64.mul (local.get $sum))
    (local.set $sum)
    (i64.extend_i32_s)
    (local.set $sum (i64.xor (local.get $sum)))
    (i64.sub) (i64.xor) (i64.sub) (i64.add) (i64.sub) (i64.mul) (i64.sub) (i64.add) (i64.sub)
    (i64.add (local.get $sum)))
)
