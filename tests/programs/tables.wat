;; Calls through tables, for the benchmarks: a loop that calls by an index that changes.
(module
  (type $step (func (param i32) (result i32)))
  (table $fixed 4 funcref)
  (table $written 4 funcref)
  (elem (table $fixed) (i32.const 0) func $add $triple $flip $halve)
  (elem (table $written) (i32.const 0) func $add $triple $flip $halve)
  (func $add (param i32) (result i32) (i32.add (local.get 0) (i32.const 12345)))
  (func $triple (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func $flip (param i32) (result i32) (i32.xor (local.get 0) (i32.const 0x55AA55AA)))
  (func $halve (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 2)))

  ;; Virtual calls: n steps of a state that the functions of the table change in turn.
  (func (export "virtual") (param $n i32) (param $x i32) (result i32)
    (loop $again
      (local.set $x (call_indirect $fixed (type $step) (local.get $x) (i32.and (local.get $n) (i32.const 3))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x))

  ;; The same through a table that the program writes to.
  (func (export "written") (param $n i32) (param $x i32) (result i32)
    (table.set $written (i32.const 0) (table.get $written (i32.const 1)))
    (loop $again
      (local.set $x (call_indirect $written (type $step) (local.get $x) (i32.and (local.get $n) (i32.const 3))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x))

  ;; The same index in each round: the call is direct.
  (func (export "known") (param $n i32) (param $x i32) (result i32)
    (loop $again
      (local.set $x (call_indirect $fixed (type $step) (local.get $x) (i32.const 2)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x))

  ;; Entries moved and read.
  (func (export "moved") (param $n i32) (result i32) (local $nulls i32)
    (loop $again
      (table.copy $written $written (i32.const 1) (i32.const 0) (i32.const 3))
      (table.set $written (i32.const 0) (ref.null func))
      (local.set $nulls (i32.add (local.get $nulls)
        (ref.is_null (table.get $written (i32.and (local.get $n) (i32.const 3))))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $nulls)))
