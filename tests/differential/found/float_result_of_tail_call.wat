;; The result of a call in place of a return was an f32, where only patterns are values, once its caller was inlined.
;; call small 3
;; call wide 3
(module
  (func $f (param i32 f32) (result f32)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (f32.mul (call $f (i32.sub (local.get 0) (i32.const 1)) (local.get 1)) (f32.const 3)))
  (func $g (param i32 i32 i32 i32 i32 i32 f32) (result f32)
    (if (i32.eqz (local.get 0)) (then (return (local.get 6))))
    (f32.add (f32.convert_i32_s (local.get 4)) (call $g (i32.sub (local.get 0) (i32.const 1)) (local.get 2)
      (local.get 3) (local.get 4) (local.get 5) (local.get 1) (local.get 6))))
  (func $by_f (param i32) (result f32) (return_call $f (local.get 0) (f32.const 5)))
  (func $by_g (param i32) (result f32)
    (return_call $g (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (f32.const 7)))
  (func (export "small") (param i32) (result f64) (f64.promote_f32 (f32.sqrt (call $by_f (local.get 0)))))
  (func (export "wide") (param i32) (result i32) (f32.lt (call $by_g (local.get 0)) (f32.const 1))))
