;; In a loop, a register was filled with a call's result before the call was made.
;; call f 5
(module
  (func $leaf (param i64) (result i32 i64) (i32.wrap_i64 (local.get 0)) (i64.const 3))
  (func (export "f") (param i64) (result i32)
    (local i32 i32)
    (local.set 2 (i32.const 2))
    (loop
      (call $leaf (local.get 0))
      (local.set 0)
      (local.set 1)
      (if (i64.gt_s (i64.shr_s (local.get 0) (local.get 0)) (i64.const -2900032145069993373))
        (then (local.set 0 (i64.popcnt (local.get 0)))))
      (if (local.get 1) (then (local.set 2 (i32.sub (local.get 2) (i32.const 1)))))
      (br_if 0 (local.get 2)))
    (local.get 1))
)
