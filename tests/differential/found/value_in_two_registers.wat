;; A value was wanted in A and B behind two edges from one block; B was given away when A had been served.
;; call f0 4294967292 3
;; call f0 0 3
(module
  (type (;0;) (func (param i32 i64) (result i32 i32 i64)))
  (global (;0;) (mut i64) i64.const 0)
  (export "f0" (func 0))
  (func (;0;) (type 0) (param i32 i64) (result i32 i32 i64)
    i64.const 17592186044415
    local.set 1
    local.get 0
    if (result i32) ;; label = @1
      local.get 0
    else
      local.get 0
    end
    global.get 0
    i32.wrap_i64
    local.get 0
    select (result i32)
    f32.reinterpret_i32
    i32.reinterpret_f32
    local.set 0
    local.get 0
    local.get 0
    i32.and
    i64.extend_i32_u
    i64.extend16_s
    global.set 0
    local.get 0
    local.get 0
    i32.sub
    i32.const 1267210860
    i32.const 0
    i32.const 2
    select (result i32)
    i32.rem_s
    local.tee 0
    local.get 0
    local.get 0
    i32.and
    f32.reinterpret_i32
    i32.reinterpret_f32
    i32.const -46257021
    i32.shr_s
    i64.const 549755813888
    local.get 1
    i64.const 8
    i64.or
    i64.div_u
    local.get 1
    i64.const 6
    i64.and
    i64.lt_u
    i64.extend_i32_u
    f64.reinterpret_i64
    i64.reinterpret_f64
  )
)
