;; The constant -1, an argument of a call and needed after it, was put into a register that the same call reads.
;; call f
(module
  (func $one (param i64) (result i64) unreachable)
  (func $two (param i32 i32 i64) (result i32) unreachable)
  (func (export "f") (result i32)
    (i32.div_u
      (i32.rotr (i32.const 6) (i32.const 1065796600))
      (i32.or (i32.const 7) (call $two (i32.const -1) (i32.const 97648443) (call $one (i64.const 0))))))
)
