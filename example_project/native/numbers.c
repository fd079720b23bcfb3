/* Number theory and a random number generator that need no memory: everything lives in WebAssembly locals.
 *
 * numbers.wasm is built from this file (see ../README.md for the command) and committed, so that building the Python
 * package needs no C compiler.
 */

typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))

/* Greatest common divisor, by Euclid; gcd(n, 0) = n. */
EXPORT("gcd") u64 gcd(u64 a, u64 b) {
    while (b != 0) {
        u64 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* base ** exponent modulo modulus, by square and multiply. Traps (unreachable) when modulus is 0. */
EXPORT("modpow") u32 modpow(u32 base, u32 exponent, u32 modulus) {
    if (modulus == 0)
        __builtin_trap();
    u64 square = base % modulus;
    u64 result = 1 % modulus;
    while (exponent != 0) {
        if (exponent & 1)
            result = result * square % modulus;
        square = square * square % modulus;
        exponent >>= 1;
    }
    return (u32)result;
}

/* State of Marsaglia's xorshift64 (shifts 13, 7, 17) after `rounds` rounds from `seed`. */
EXPORT("xorshift64") u64 xorshift64(u64 seed, u32 rounds) {
    while (rounds-- != 0) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
    }
    return seed;
}

/* State of Marsaglia's xorshift32 (shifts 13, 17, 5) after `rounds` rounds from `seed`. */
EXPORT("xorshift32") u32 xorshift32(u32 seed, u32 rounds) {
    while (rounds-- != 0) {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
    }
    return seed;
}
