// Small kernels over i32 and i64 that need no memory. Built by build.py; kernels.wasm is committed beside this file.

typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))

EXPORT("gcd") u32 gcd(u32 a, u32 b) {
  while (b) {
    u32 rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

EXPORT("gcd64") u64 gcd64(u64 a, u64 b) {
  while (b) {
    u64 rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

EXPORT("binary_gcd") u32 binary_gcd(u32 a, u32 b) {
  if (!a || !b) return a | b;
  u32 shift = __builtin_ctz(a | b);
  a >>= __builtin_ctz(a);
  do {
    b >>= __builtin_ctz(b);
    if (a > b) {
      u32 swap = a;
      a = b;
      b = swap;
    }
    b -= a;
  } while (b);
  return a << shift;
}

EXPORT("modpow") u32 modpow(u32 base, u32 exponent, u32 modulus) {
  u64 result = 1 % modulus, power = base % modulus;
  while (exponent) {
    if (exponent & 1) result = result * power % modulus;
    power = power * power % modulus;
    exponent >>= 1;
  }
  return (u32)result;
}

EXPORT("xorshift64") u64 xorshift64(u64 state, u32 rounds) {
  while (rounds--) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
  }
  return state;
}

EXPORT("xorshift32") u32 xorshift32(u32 state, u32 rounds) {
  while (rounds--) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
  }
  return state;
}

EXPORT("lcg") u64 lcg(u64 state, u32 rounds) {
  while (rounds--) state = state * 6364136223846793005u + 1442695040888963407u;
  return state;
}

EXPORT("collatz") u32 collatz(u64 n) {
  u32 steps = 0;
  while (n > 1) {
    n = n & 1 ? 3 * n + 1 : n >> 1;
    steps++;
  }
  return steps;
}

EXPORT("is_prime") u32 is_prime(u32 n) {
  if (n < 4) return n > 1;
  if (n % 2 == 0 || n % 3 == 0) return 0;
  for (u32 i = 5; i <= n / i; i += 6)
    if (n % i == 0 || n % (i + 2) == 0) return 0;
  return 1;
}

EXPORT("count_primes") u32 count_primes(u32 below) {
  u32 count = 0;
  for (u32 n = 2; n < below; n++) count += is_prime(n);
  return count;
}

EXPORT("fibonacci") u64 fibonacci(u32 n) {
  u64 a = 0, b = 1;
  while (n--) {
    u64 next = a + b;
    a = b;
    b = next;
  }
  return a;
}

EXPORT("fibonacci_recursive") __attribute__((noinline)) u32 fibonacci_recursive(u32 n) {
  return n < 2 ? n : fibonacci_recursive(n - 1) + fibonacci_recursive(n - 2);
}

EXPORT("factorial") __attribute__((noinline)) u64 factorial(u64 n) {
  return n == 0 ? 1 : n * factorial(n - 1);
}

EXPORT("ackermann") __attribute__((noinline)) u32 ackermann(u32 m, u32 n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

__attribute__((noinline)) static u32 is_odd(u32 n);
EXPORT("is_even") __attribute__((noinline)) u32 is_even(u32 n) { return n == 0 ? 1 : is_odd(n - 1); }
__attribute__((noinline)) static u32 is_odd(u32 n) { return n == 0 ? 0 : is_even(n - 1); }

EXPORT("popcount_sum") u32 popcount_sum(u32 n) {
  u32 sum = 0;
  for (u32 i = 0; i < n; i++) sum += __builtin_popcount(i * 0x9E3779B9u);
  return sum;
}

EXPORT("kernighan") u32 kernighan(u64 x) {
  u32 count = 0;
  while (x) {
    x &= x - 1;
    count++;
  }
  return count;
}

EXPORT("square_root") u32 square_root(u64 x) {
  u64 result = 0;
  for (u64 bit = 1ull << 62; bit; bit >>= 2) {
    if (x >= result + bit) {
      x -= result + bit;
      result = (result >> 1) + bit;
    } else
      result >>= 1;
  }
  return (u32)result;
}

EXPORT("digits") u32 digits(u64 n) {
  u32 sum = 0;
  for (; n; n /= 10) sum += (u32)(n % 10);
  return sum;
}

EXPORT("digits_signed") int digits_signed(int n) {
  int sum = 0;
  for (; n; n /= 10) sum += n % 10;
  return sum;
}

EXPORT("murmur") u64 murmur(u64 x, u32 rounds) {
  while (rounds--) {
    x ^= x >> 33;
    x *= 0xFF51AFD7ED558CCDu;
    x ^= x >> 33;
    x *= 0xC4CEB9FE1A85EC53u;
    x ^= x >> 33;
  }
  return x;
}

EXPORT("crc32") u32 crc32(u32 word, u32 count) {
  u32 crc = ~0u;
  while (count--) {
    crc ^= word++;
    for (int bit = 0; bit < 32; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

EXPORT("xtea") u64 xtea(u64 block, u64 key_low, u64 key_high) {
  u32 left = (u32)block, right = (u32)(block >> 32), sum = 0;
  for (int round = 0; round < 32; round++) {
    u64 half = sum & 2 ? key_high : key_low;
    left += ((right << 4 ^ right >> 5) + right) ^ (sum + (u32)(half >> 32 * (sum & 1)));
    sum += 0x9E3779B9u;
    u32 index = sum >> 11;
    half = index & 2 ? key_high : key_low;
    right += ((left << 4 ^ left >> 5) + left) ^ (sum + (u32)(half >> 32 * (index & 1)));
  }
  return (u64)right << 32 | left;
}

#define ROTATE(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define QUARTER(a, b, c, d) \
  a += b; d ^= a; d = ROTATE(d, 16); c += d; b ^= c; b = ROTATE(b, 12); \
  a += b; d ^= a; d = ROTATE(d, 8); c += d; b ^= c; b = ROTATE(b, 7);

EXPORT("chacha_quarters") u64 chacha_quarters(u32 a, u32 b, u32 c, u32 d, u32 rounds) {
  while (rounds--) { QUARTER(a, b, c, d) }
  return (u64)(a ^ c) << 32 | (b ^ d);
}

EXPORT("mandelbrot") u32 mandelbrot(int real, int imaginary, u32 limit) {
  // fixed point with 12 fractional bits
  int x = 0, y = 0;
  u32 count = 0;
  while (count < limit && x * x + y * y < 4 << 24) {
    int next = ((x * x - y * y) >> 12) + real;
    y = (x * y >> 11) + imaginary;
    x = next;
    count++;
  }
  return count;
}

EXPORT("days") int days(int year, int month, int day) {
  // days since 1970-01-01 of a date of the Gregorian calendar
  year -= month <= 2;
  int era = (year >= 0 ? year : year - 399) / 400;
  int year_of_era = year - era * 400;
  int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

EXPORT("tak") __attribute__((noinline)) int tak(int x, int y, int z) {
  return y < x ? tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y)) : z;
}
