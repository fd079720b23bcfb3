;; All copies are from segments of no byte, so the table of their words is empty.
;; call f 5 0
;; call f 65536 0
;; call f 65537 0
;; call f 0 1
(module
  (memory 1)
  (data "")
  (func (export "f") (param i32 i32) (memory.init 0 (local.get 0) (local.get 1) (local.get 1))))
