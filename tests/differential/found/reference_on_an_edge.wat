;; A reference that an edge gives to a block had no range: KeyError.
;; call f 0
;; call f 1
(module
  (table $t 2 funcref)
  (elem (table $t) (i32.const 0) func $one)
  (memory 1)
  (func $one (result i32) (i32.const 1))
  (func (export "f") (param i32) (result i32)
    (local $r funcref)
    (i32.store (local.get 0) (i32.const 7))
    (if (local.get 0)
      (then (local.set $r (table.get $t (local.get 0))))
      (else
        (local.set $r (ref.null func))
        (i32.store offset=8 (local.get 0) (i32.const 3))))
    (table.set $t (i32.const 1) (local.get $r))
    (i32.add (ref.is_null (local.get $r)) (i32.load offset=8 (local.get 0)))))
