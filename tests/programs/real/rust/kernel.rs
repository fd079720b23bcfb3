// A library without std: fixed-point powers, a Collatz search, checked sums; panics are traps.
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// The start below a limit that takes the most steps to reach 1, and how many, as two halves.
#[no_mangle]
pub extern "C" fn longest(limit: u32) -> u64 {
    (1..limit)
        .map(|start| {
            let mut x = u64::from(start);
            let steps = (0u32..).find(|_| { let done = x == 1; x = if x % 2 == 0 { x / 2 } else { 3 * x + 1 }; done });
            (steps.unwrap(), start)
        })
        .max()
        .map_or(0, |(steps, start)| u64::from(start) << 32 | u64::from(steps))
}

/// The median of numbers that a generator makes; none traps.
#[no_mangle]
pub extern "C" fn median(seed: u32, count: usize) -> i32 {
    let mut numbers = [0i32; 32];
    let mut state = seed;
    for number in &mut numbers[..count] {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *number = state as i32 >> 12;
    }
    numbers[..count].sort_unstable();
    numbers[..count][count / 2]
}

/// Saturating, rounding and wrapping conversions of a float.
#[no_mangle]
pub extern "C" fn converted(x: f64) -> i64 {
    (x as i64) ^ i64::from(x as u8) << 40 ^ i64::from((x as f32) as i32)
}
