;; A recursive function returned a zero beside another result: the step that released its frame swallowed the zero.
;; call f 8388608 18446744073709551613
(module
  (func $f (export "f") (param i32 i64) (result i32 i64)
    (i32.const 1) (i64.const 0) (br_if 0 (local.get 0)) (drop) (drop)
    (call $f (i32.const 43834192) (i64.const 1)) (drop) (drop)
    (i32.const 0) (i64.const 0))
)
