;; Small numeric programs.
(module
  ;; 1 + 1/2 + 1/3 + … + 1/n
  (func (export "harmonic") (param $n i32) (result f64)
    (local $sum f64)
    (loop $next
      (local.set $sum (f64.add (local.get $sum) (f64.div (f64.const 1) (f64.convert_i32_u (local.get $n)))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  ;; A polynomial by Horner's rule, about the sine.
  (func (export "sine") (param $x f64) (result f64)
    (local $square f64)
    (local.set $square (f64.mul (local.get $x) (local.get $x)))
    (f64.mul (local.get $x)
      (f64.add (f64.const 1) (f64.mul (local.get $square)
        (f64.add (f64.const -0x1.5555555555549p-3) (f64.mul (local.get $square)
          (f64.add (f64.const 0x1.111111110f8a6p-7) (f64.mul (local.get $square)
            (f64.const -0x1.a01a019c161d5p-13)))))))))
  ;; The length of a vector.
  (func (export "length") (param $x f32) (param $y f32) (param $z f32) (result f32)
    (f32.sqrt (f32.add
      (f32.add (f32.mul (local.get $x) (local.get $x)) (f32.mul (local.get $y) (local.get $y)))
      (f32.mul (local.get $z) (local.get $z)))))
  ;; Iterations until z² + c leaves the circle of radius 2.
  (func (export "mandelbrot") (param $re f64) (param $im f64) (param $limit i32) (result i32)
    (local $x f64) (local $y f64) (local $xx f64) (local $yy f64) (local $n i32)
    (block $out
      (loop $next
        (br_if $out (i32.ge_u (local.get $n) (local.get $limit)))
        (local.set $xx (f64.mul (local.get $x) (local.get $x)))
        (local.set $yy (f64.mul (local.get $y) (local.get $y)))
        (br_if $out (f64.gt (f64.add (local.get $xx) (local.get $yy)) (f64.const 4)))
        (local.set $y (f64.add (f64.mul (f64.mul (f64.const 2) (local.get $x)) (local.get $y)) (local.get $im)))
        (local.set $x (f64.add (f64.sub (local.get $xx) (local.get $yy)) (local.get $re)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $n))
  ;; One step of a planet around a sun at the origin.
  (func (export "orbit") (param $x f64) (param $y f64) (param $vx f64) (param $vy f64) (param $dt f64)
      (result f64 f64 f64 f64)
    (local $square f64) (local $pull f64)
    (local.set $square
      (f64.add (f64.mul (local.get $x) (local.get $x)) (f64.mul (local.get $y) (local.get $y))))
    (local.set $pull (f64.div (local.get $dt) (f64.mul (local.get $square) (f64.sqrt (local.get $square)))))
    (local.set $vx (f64.sub (local.get $vx) (f64.mul (local.get $x) (local.get $pull))))
    (local.set $vy (f64.sub (local.get $vy) (f64.mul (local.get $y) (local.get $pull))))
    (f64.add (local.get $x) (f64.mul (local.get $vx) (local.get $dt)))
    (f64.add (local.get $y) (f64.mul (local.get $vy) (local.get $dt)))
    (local.get $vx)
    (local.get $vy)))
