;; The sum of a constant and ones in the high limb lost the constant.
;; call f
(module
  (func (export "f") (result i64) (i64.extend_i32_s (i32.const 4294967295)))
)
