;; A clock that stands still but for `poll_oneoff`, which waits by putting it forward. `hosts.py` sets the globals to the
;; time that the program is compiled with. The realtime clock (0) and the monotonic one (1) show the same nanoseconds.
(module
  (memory 1)
  (global $start (export "host.start") i64 (i64.const 0))
  (global $now (export "host.now") (mut i64) (i64.const 0))

  ;; Errors: 8 badf for the clocks of processor time (2, 3), which nobody has, 28 inval for what is no clock.
  (func $wrong_clock (param $id i32) (result i32)
    (if (i32.gt_u (local.get $id) (i32.const 3)) (then (return (i32.const 28))))
    (if (result i32) (i32.gt_u (local.get $id) (i32.const 1)) (then (i32.const 8)) (else (i32.const 0))))
  (func (export "wasi_snapshot_preview1.clock_time_get")
    (param $id i32) (param $precision i64) (param $to i32) (result i32)
    (local $error i32)
    (local.set $error (call $wrong_clock (local.get $id)))
    (if (i32.eqz (local.get $error)) (then (i64.store (local.get $to) (global.get $now))))
    (local.get $error))
  (func (export "wasi_snapshot_preview1.clock_res_get") (param $id i32) (param $to i32) (result i32)
    (local $error i32)
    (local.set $error (call $wrong_clock (local.get $id)))
    (if (i32.eqz (local.get $error)) (then (i64.store (local.get $to) (i64.const 1))))
    (local.get $error))

  ;; A subscription has 48 bytes: its mark at 0, at 8 what it is for (0 a clock, 1 to read, 2 to write), at 16 the clock
  ;; or the descriptor, of a clock at 24 the time, which is a time of day where the flag at 40 is set. An event has 32: the
  ;; mark, at 8 the error, at 10 what it is, at 16 how many bytes there are, at least.
  (func (export "wasi_snapshot_preview1.poll_oneoff")
    (param $in i32) (param $out i32) (param $count i32) (param $made i32) (result i32)
    (local $at i32) (local $left i32) (local $kind i32) (local $number i32) (local $ready i32) (local $before i64)
    (local $earliest i64)
    (if (i32.eqz (local.get $count)) (then (return (i32.const 28))))
    (local.set $before (global.get $now))
    (local.set $earliest (i64.const -1))
    (local.set $at (local.get $in))
    (local.set $left (local.get $count))
    (loop $look
      (local.set $kind (i32.load8_u offset=8 (local.get $at)))
      (local.set $number (i32.load offset=16 (local.get $at)))
      (if (i32.gt_u (local.get $kind) (i32.const 2)) (then (return (i32.const 28))))
      (if (local.get $kind)
        (then
          (local.set $ready (i32.const 1))
          (if (i32.or
                (i32.gt_u (local.get $number) (i32.const 2))
                (i32.ne (i32.eqz (local.get $number)) (i32.eq (local.get $kind) (i32.const 1))))
            (then (return (i32.const 8)))))
        (else
          (if (i32.gt_u (local.get $number) (i32.const 1)) (then (return (i32.const 28))))
          (if (i64.lt_u (call $deadline (local.get $at) (local.get $before)) (local.get $earliest))
            (then (local.set $earliest (call $deadline (local.get $at) (local.get $before)))))))
      (local.set $at (i32.add (local.get $at) (i32.const 48)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $look (local.get $left)))
    (if (i32.eqz (local.get $ready))
      (then
        (if (i64.gt_u (local.get $earliest) (global.get $now)) (then (global.set $now (local.get $earliest))))))
    (local.set $ready (i32.const 0))
    (local.set $at (local.get $in))
    (loop $tell
      (local.set $kind (i32.load8_u offset=8 (local.get $at)))
      (block $later
        (if (i32.eqz (local.get $kind))
          (then
            (br_if $later
              (i64.gt_u (call $deadline (local.get $at) (local.get $before)) (global.get $now)))))
        (i64.store (local.get $out) (i64.load (local.get $at)))
        (i64.store offset=8 (local.get $out) (i64.extend_i32_u (i32.shl (local.get $kind) (i32.const 16))))
        (i64.store offset=16 (local.get $out) (i64.extend_i32_u (i32.ne (local.get $kind) (i32.const 0))))
        (i64.store offset=24 (local.get $out) (i64.const 0))
        (local.set $out (i32.add (local.get $out) (i32.const 32)))
        (local.set $ready (i32.add (local.get $ready) (i32.const 1))))
      (local.set $at (i32.add (local.get $at) (i32.const 48)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $tell (local.get $count)))
    (i32.store (local.get $made) (local.get $ready))
    (i32.const 0))
  ;; When a subscription of a clock is over that was made at time $before; no time is later than the last one.
  (func $deadline (param $at i32) (param $before i64) (result i64)
    (local $time i64)
    (local.set $time (i64.load offset=24 (local.get $at)))
    (if (i32.and (i32.load16_u offset=40 (local.get $at)) (i32.const 1)) (then (return (local.get $time))))
    (local.set $time (i64.add (local.get $time) (local.get $before)))
    (if (result i64) (i64.lt_u (local.get $time) (local.get $before))
      (then (i64.const -1))
      (else (local.get $time))))

  ;; AssemblyScript's, in milliseconds: whole ones since 1970, and since the program began.
  (func (export "env.Date.now") (result f64)
    (f64.convert_i64_u (i64.div_u (global.get $now) (i64.const 1000000))))
  (func (export "env.performance.now") (result f64)
    (f64.div (f64.convert_i64_u (i64.sub (global.get $now) (global.get $start))) (f64.const 1000000))))
