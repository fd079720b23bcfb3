;; The smallest program that proves something: two and three are five
(module
  (import "builtin" "assert_eq" (func $assert_eq (param i32 i32)))
  (start $main)
  (func $main
    (call $assert_eq (i32.add (i32.const 2) (i32.const 3)) (i32.const 5)))
)
