;; Random numbers that everybody can know: SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
;; Generators", 2014), its state beginning with the seed that the program is compiled with.
(module
  (memory 1)
  (global $state (export "host.random") (mut i64) (i64.const 0))
  (func $next (result i64)
    (local $x i64)
    (local.set $x (i64.add (global.get $state) (i64.const 0x9e3779b97f4a7c15)))
    (global.set $state (local.get $x))
    (local.set $x
      (i64.mul (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 30))) (i64.const 0xbf58476d1ce4e5b9)))
    (local.set $x
      (i64.mul (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 27))) (i64.const 0x94d049bb133111eb)))
    (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 31))))

  ;; Eight bytes of each number, the least significant first; what is left of the last one is dropped.
  (func (export "wasi_snapshot_preview1.random_get") (param $to i32) (param $count i32) (result i32)
    (local $x i64)
    (block $short
      (loop $words
        (br_if $short (i32.lt_u (local.get $count) (i32.const 8)))
        (i64.store (local.get $to) (call $next))
        (local.set $to (i32.add (local.get $to) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 8)))
        (br $words)))
    (if (local.get $count)
      (then
        (local.set $x (call $next))
        (loop $bytes
          (i64.store8 (local.get $to) (local.get $x))
          (local.set $x (i64.shr_u (local.get $x) (i64.const 8)))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br_if $bytes (local.get $count)))))
    (i32.const 0))
  ;; What AssemblyScript's Math.random begins with: a number from 1 to 2.
  (func (export "env.seed") (result f64)
    (f64.reinterpret_i64
      (i64.or (i64.shr_u (call $next) (i64.const 12)) (i64.const 0x3ff0000000000000)))))
