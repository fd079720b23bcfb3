;; A sum of five values and its check need six registers; there are five.
;; call f 1 2 3 4 5
;; call f 4294967295 4294967295 4294967295 4294967295 4294967295
(module
  (func (export "f") (param i32 i32 i32 i32 i32) (result i32)
    (i32.add (i32.add (i32.add (i32.add (local.get 0) (local.get 1)) (local.get 2)) (local.get 3)) (local.get 4)))
)
