;; An indirect call gives more results than registers, but no function has its signature.
;; call f
(module
  (table 1 funcref)
  (func (export "f") (result i32)
    (drop (i32.const 4))
    (call_indirect (result i32 i32 i32 i32 i32 i32 i32) (i32.const 0))
    (drop) (drop) (drop) (drop) (drop) (drop)))
