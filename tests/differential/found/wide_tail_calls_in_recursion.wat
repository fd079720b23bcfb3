;; Arguments that no register holds would be in a frame that ends: such calls in place of a return stay calls.
;; call direct 0
;; call direct 3
;; call direct 6
;; call indirect 0
;; call indirect 3
;; call indirect 6
(module
  (type $wide (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) $c $d)
  (func $sum (type $wide)
    (i32.add (local.get 6) (i32.mul (i32.const 3)
      (i32.add (local.get 5) (i32.mul (i32.const 3)
        (i32.add (local.get 4) (i32.mul (i32.const 3)
          (i32.add (local.get 3) (i32.mul (i32.const 3)
            (i32.add (local.get 2) (i32.mul (i32.const 3) (i32.add (local.get 1) (local.get 0)))))))))))))
  (func $a (type $wide) (local $kept i32)
    (if (i32.eqz (local.get 0))
      (then (return (call $sum (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
        (local.get 6)))))
    (local.set $kept (call $a (i32.sub (local.get 0) (i32.const 1)) (local.get 6) (local.get 5) (local.get 4)
      (local.get 3) (local.get 2) (local.get 1)))
    (return_call $b (i32.sub (local.get 0) (i32.const 1)) (local.get $kept) (local.get 4) (local.get 3) (local.get 6)
      (local.get 5) (local.get 2)))
  (func $b (type $wide)
    (i32.add (i32.add (local.get 5) (local.get 6))
      (call $a (local.get 0) (local.get 6) (local.get 1) (local.get 2) (local.get 5) (local.get 4) (local.get 3))))
  (func $c (type $wide) (local $kept i32)
    (if (i32.eqz (local.get 0))
      (then (return (call $sum (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
        (local.get 6)))))
    (local.set $kept (call_indirect (type $wide) (i32.sub (local.get 0) (i32.const 1)) (local.get 6) (local.get 5)
      (local.get 4) (local.get 3) (local.get 2) (local.get 1) (i32.and (local.get 0) (i32.const 1))))
    (return_call_indirect (type $wide) (i32.sub (local.get 0) (i32.const 1)) (local.get $kept) (local.get 4)
      (local.get 3) (local.get 6) (local.get 5) (local.get 2) (i32.and (local.get $kept) (i32.const 1))))
  (func $d (type $wide)
    (i32.add (i32.add (local.get 5) (local.get 6))
      (call $c (local.get 0) (local.get 6) (local.get 1) (local.get 2) (local.get 5) (local.get 4) (local.get 3))))
  (func (export "direct") (param i32) (result i32)
    (call $a (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6)))
  (func (export "indirect") (param i32) (result i32)
    (call_indirect (type $wide) (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5)
      (i32.const 6) (i32.and (local.get 0) (i32.const 1)))))
