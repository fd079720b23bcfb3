;; What the functions of host modules do, on the memory of the module that calls them. Compiled into the programs that
;; import them. An exported name is that of the module and that of the function, or that of a `host.*` op, whose calls
;; become the op.
(module
  (memory 1)
  (func $private_byte (export "host.private_byte") (result i32) (unreachable))
  (func $private_i32 (export "host.private_i32") (result i32) (unreachable))
  (func $private_i64 (export "host.private_i64") (result i64) (unreachable))
  (func $private_left (export "host.private_left") (result i32) (unreachable))
  (func $public_byte (export "host.public_byte") (result i32) (unreachable))
  (func $public_i32 (export "host.public_i32") (result i32) (unreachable))
  (func $public_left (export "host.public_left") (result i32) (unreachable))
  (func $write_byte (export "host.write_byte") (param i32) (unreachable))
  (func $write_i32 (export "host.write_i32") (param i32) (unreachable))
  (func $keccak_byte (export "host.keccak_byte") (param i32) (unreachable))
  (func $keccak_i32 (export "host.keccak_i32") (param i32) (unreachable))
  (func $keccak_finish (export "host.keccak_finish") (unreachable))
  (func $digest_0 (export "host.digest 0") (result i64) (unreachable))
  (func $digest_1 (export "host.digest 1") (result i64) (unreachable))
  (func $digest_2 (export "host.digest 2") (result i64) (unreachable))
  (func $digest_3 (export "host.digest 3") (result i64) (unreachable))
  (func $exit (export "host.exit") (param i32) (unreachable))
  (func $abort (export "host.abort") (param i32 i32) (unreachable))
  (func $log_text (export "host.log") (param i32 i32) (unreachable))
  (func $thrown (export "host.thrown") (param i32 i32 i32 i32) (unreachable))

  ;; Single numbers, little-endian.
  (func (export "zkwasm.read_private_i32") (result i32) (call $private_i32))
  (func (export "zkwasm.read_private_i64") (result i64) (call $private_i64))
  (func (export "zkwasm.read_public_i32") (result i32) (call $public_i32))
  (func (export "zkwasm.read_public_i64") (result i64)
    (local $low i64)
    (local.set $low (i64.extend_i32_u (call $public_i32)))
    (i64.or (local.get $low) (i64.shl (i64.extend_i32_u (call $public_i32)) (i64.const 32))))
  (func (export "zkwasm.write_public_i32") (param $x i32) (call $write_i32 (local.get $x)))
  (func (export "zkwasm.write_public_i64") (param $x i64)
    (call $write_i32 (i32.wrap_i64 (local.get $x)))
    (call $write_i32 (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 32)))))

  (func (export "zkwasm.assert") (param $holds i32) (param $text i32) (param $length i32)
    (if (i32.eqz (local.get $holds)) (then (call $abort (local.get $text) (local.get $length)) (unreachable))))
  (func (export "zkwasm.assert_true") (param $holds i32)
    (if (i32.eqz (local.get $holds)) (then (call $abort (i32.const 0) (i32.const 0)) (unreachable))))
  (func (export "zkwasm.log") (param $text i32) (param $length i32)
    (call $log_text (local.get $text) (local.get $length)))

  ;; The loops below go byte by byte up to an address that 4 divides, then by whole words, then byte by byte.
  (func $read_private (export "zkwasm.read_private") (param $to i32) (param $count i32) (result i32)
    (local $read i32) (local $word i32)
    (local.set $read (call $private_left))
    (if (i32.lt_u (local.get $read) (local.get $count)) (then (local.set $count (local.get $read))))
    (local.set $read (local.get $count))
    (block $aligned
      (loop $bytes
        (br_if $aligned (i32.eqz (i32.and (local.get $to) (i32.const 3))))
        (br_if $aligned (i32.eqz (local.get $count)))
        (i32.store8 (local.get $to) (call $private_byte))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $bytes)))
    (if (i32.ge_u (local.get $count) (i32.const 4))
      (then
        (local.set $word (i32.and (local.get $to) (i32.const -4)))
        (block $done
          (loop $sixteen
            (br_if $done (i32.lt_u (local.get $count) (i32.const 16)))
            (i32.store (local.get $word) (call $private_i32))
            (i32.store offset=4 (local.get $word) (call $private_i32))
            (i32.store offset=8 (local.get $word) (call $private_i32))
            (i32.store offset=12 (local.get $word) (call $private_i32))
            (local.set $word (i32.add (local.get $word) (i32.const 16)))
            (local.set $count (i32.sub (local.get $count) (i32.const 16)))
            (br $sixteen)))
        (block $done
          (loop $four
            (br_if $done (i32.lt_u (local.get $count) (i32.const 4)))
            (i32.store (local.get $word) (call $private_i32))
            (local.set $word (i32.add (local.get $word) (i32.const 4)))
            (local.set $count (i32.sub (local.get $count) (i32.const 4)))
            (br $four)))
        (local.set $to (local.get $word))))
    (block $done
      (loop $bytes
        (br_if $done (i32.eqz (local.get $count)))
        (i32.store8 (local.get $to) (call $private_byte))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $bytes)))
    (local.get $read))

  (func (export "zkwasm.read_public") (param $to i32) (param $count i32) (result i32)
    (local $read i32) (local $word i32)
    (local.set $read (call $public_left))
    (if (i32.lt_u (local.get $read) (local.get $count)) (then (local.set $count (local.get $read))))
    (local.set $read (local.get $count))
    (block $aligned
      (loop $bytes
        (br_if $aligned (i32.eqz (i32.and (local.get $to) (i32.const 3))))
        (br_if $aligned (i32.eqz (local.get $count)))
        (i32.store8 (local.get $to) (call $public_byte))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $bytes)))
    (if (i32.ge_u (local.get $count) (i32.const 4))
      (then
        (local.set $word (i32.and (local.get $to) (i32.const -4)))
        (block $done
          (loop $four
            (br_if $done (i32.lt_u (local.get $count) (i32.const 4)))
            (i32.store (local.get $word) (call $public_i32))
            (local.set $word (i32.add (local.get $word) (i32.const 4)))
            (local.set $count (i32.sub (local.get $count) (i32.const 4)))
            (br $four)))
        (local.set $to (local.get $word))))
    (block $done
      (loop $bytes
        (br_if $done (i32.eqz (local.get $count)))
        (i32.store8 (local.get $to) (call $public_byte))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $bytes)))
    (local.get $read))

  (func $write_public (export "zkwasm.write_public") (param $from i32) (param $count i32)
    (local $word i32)
    (block $aligned
      (loop $bytes
        (br_if $aligned (i32.eqz (i32.and (local.get $from) (i32.const 3))))
        (br_if $aligned (i32.eqz (local.get $count)))
        (call $write_byte (i32.load8_u (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $bytes)))
    (if (i32.ge_u (local.get $count) (i32.const 4))
      (then
        (local.set $word (i32.and (local.get $from) (i32.const -4)))
        (block $done
          (loop $four
            (br_if $done (i32.lt_u (local.get $count) (i32.const 4)))
            (call $write_i32 (i32.load (local.get $word)))
            (local.set $word (i32.add (local.get $word) (i32.const 4)))
            (local.set $count (i32.sub (local.get $count) (i32.const 4)))
            (br $four)))
        (local.set $from (local.get $word))))
    (block $done
      (loop $bytes
        (br_if $done (i32.eqz (local.get $count)))
        (call $write_byte (i32.load8_u (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $bytes))))

  (func $keccak_bytes (param $from i32) (param $count i32)
    (local $word i32)
    (block $aligned
      (loop $bytes
        (br_if $aligned (i32.eqz (i32.and (local.get $from) (i32.const 3))))
        (br_if $aligned (i32.eqz (local.get $count)))
        (call $keccak_byte (i32.load8_u (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $bytes)))
    (if (i32.ge_u (local.get $count) (i32.const 4))
      (then
        (local.set $word (i32.and (local.get $from) (i32.const -4)))
        (block $done
          (loop $four
            (br_if $done (i32.lt_u (local.get $count) (i32.const 4)))
            (call $keccak_i32 (i32.load (local.get $word)))
            (local.set $word (i32.add (local.get $word) (i32.const 4)))
            (local.set $count (i32.sub (local.get $count) (i32.const 4)))
            (br $four)))
        (local.set $from (local.get $word))))
    (block $done
      (loop $bytes
        (br_if $done (i32.eqz (local.get $count)))
        (call $keccak_byte (i32.load8_u (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $bytes))))

  ;; The digest is a big-endian number of 32 bytes; its least significant word comes first here.
  (func (export "zkwasm.keccak256") (param $from i32) (param $count i32) (param $to i32)
    (call $keccak_bytes (local.get $from) (local.get $count))
    (call $keccak_finish)
    (call $store_digest (local.get $to) (call $digest_3))
    (call $store_digest (i32.add (local.get $to) (i32.const 8)) (call $digest_2))
    (call $store_digest (i32.add (local.get $to) (i32.const 16)) (call $digest_1))
    (call $store_digest (i32.add (local.get $to) (i32.const 24)) (call $digest_0)))
  (func $store_digest (param $to i32) (param $x i64)
    (i32.store (local.get $to) (call $swap (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 32)))))
    (i32.store offset=4 (local.get $to) (call $swap (i32.wrap_i64 (local.get $x)))))
  (func $swap (param $x i32) (result i32)
    (i32.or
      (i32.and (i32.rotl (local.get $x) (i32.const 8)) (i32.const 0x00ff00ff))
      (i32.and (i32.rotr (local.get $x) (i32.const 8)) (i32.const 0xff00ff00))))

  ;; What AssemblyScript calls where a program throws.
  (func (export "env.abort") (param $message i32) (param $file i32) (param $line i32) (param $column i32)
    (call $thrown (local.get $message) (local.get $file) (local.get $line) (local.get $column))
    (unreachable))

  ;; WASI preview 1. Errors: 0 success, 8 badf, 70 spipe.
  (func (export "wasi_snapshot_preview1.fd_write")
    (param $fd i32) (param $vector i32) (param $count i32) (param $written i32) (result i32)
    (local $total i32)
    (if (i32.gt_u (i32.sub (local.get $fd) (i32.const 1)) (i32.const 1)) (then (return (i32.const 8))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (if (i32.eq (local.get $fd) (i32.const 1))
          (then (call $write_public (i32.load (local.get $vector)) (i32.load offset=4 (local.get $vector))))
          (else (call $log_text (i32.load (local.get $vector)) (i32.load offset=4 (local.get $vector)))))
        (local.set $total (i32.add (local.get $total) (i32.load offset=4 (local.get $vector))))
        (local.set $vector (i32.add (local.get $vector) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $written) (local.get $total))
    (i32.const 0))
  ;; It ends with the first buffer that is not filled.
  (func (export "wasi_snapshot_preview1.fd_read")
    (param $fd i32) (param $vector i32) (param $count i32) (param $read i32) (result i32)
    (local $total i32) (local $got i32)
    (if (local.get $fd) (then (return (i32.const 8))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $got
          (call $read_private (i32.load (local.get $vector)) (i32.load offset=4 (local.get $vector))))
        (local.set $total (i32.add (local.get $total) (local.get $got)))
        (br_if $done (i32.lt_u (local.get $got) (i32.load offset=4 (local.get $vector))))
        (local.set $vector (i32.add (local.get $vector) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $read) (local.get $total))
    (i32.const 0))
  (func (export "wasi_snapshot_preview1.fd_close") (param $fd i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $fd) (i32.const 2)) (then (i32.const 8)) (else (i32.const 0))))
  ;; The type is unknown (0): no terminal, so that libraries write whole buffers. Standard input may be read, the others
  ;; written.
  (func (export "wasi_snapshot_preview1.fd_fdstat_get") (param $fd i32) (param $to i32) (result i32)
    (if (i32.gt_u (local.get $fd) (i32.const 2)) (then (return (i32.const 8))))
    (i64.store (local.get $to) (i64.const 0))
    (i64.store offset=8 (local.get $to)
      (if (result i64) (local.get $fd) (then (i64.const 64)) (else (i64.const 2))))
    (i64.store offset=16 (local.get $to) (i64.const 0))
    (i32.const 0))
  (func (export "wasi_snapshot_preview1.fd_fdstat_set_flags") (param $fd i32) (param $flags i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $fd) (i32.const 2)) (then (i32.const 8)) (else (i32.const 0))))
  (func (export "wasi_snapshot_preview1.fd_seek")
    (param $fd i32) (param $offset i64) (param $whence i32) (param $to i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $fd) (i32.const 2)) (then (i32.const 8)) (else (i32.const 70))))
  (func (export "wasi_snapshot_preview1.fd_tell") (param $fd i32) (param $to i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $fd) (i32.const 2)) (then (i32.const 8)) (else (i32.const 70))))
  (func (export "wasi_snapshot_preview1.fd_prestat_get") (param $fd i32) (param $to i32) (result i32) (i32.const 8))
  (func (export "wasi_snapshot_preview1.fd_prestat_dir_name")
    (param $fd i32) (param $to i32) (param $count i32) (result i32) (i32.const 8))
  (func (export "wasi_snapshot_preview1.sched_yield") (result i32) (i32.const 0))
  ;; The low eight bits of the code, as a parent process sees them; none of them is the end of a call.
  (func (export "wasi_snapshot_preview1.proc_exit") (param $code i32)
    (local.set $code (i32.and (local.get $code) (i32.const 255)))
    (if (local.get $code) (then (local.set $code (i32.add (local.get $code) (i32.const 256)))))
    (call $exit (local.get $code))
    (unreachable)))
