// Checksums of a text that is made in memory: CRC-32 by a table, Adler-32, FNV-1a, SipHash; by pointers to functions.
typedef unsigned char u8;
typedef unsigned long long u64;

static u8 text[512];
static unsigned table[256];

u8 *buffer(void) { return text; }

static u64 crc32(const u8 *at, unsigned size) {
    if (table[1] == 0)
        for (unsigned i = 0; i < 256; i++) {
            unsigned x = i;
            for (int bit = 0; bit < 8; bit++) x = x >> 1 ^ (x & 1 ? 0xedb88320u : 0);
            table[i] = x;
        }
    unsigned sum = ~0u;
    while (size-- > 0) sum = sum >> 8 ^ table[(sum ^ *at++) & 0xff];
    return ~sum;
}

static u64 adler32(const u8 *at, unsigned size) {
    unsigned a = 1, b = 0;
    for (; size > 0; size--) {
        a = (a + *at++) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static u64 fnv(const u8 *at, unsigned size) {
    u64 sum = 0xcbf29ce484222325;
    while (size-- > 0) sum = (sum ^ *at++) * 0x100000001b3;
    return sum;
}

static u64 rotated(u64 x, int n) { return x << n | x >> (64 - n); }

static void round(u64 v[4]) {
    v[0] += v[1], v[2] += v[3];
    v[1] = rotated(v[1], 13) ^ v[0], v[3] = rotated(v[3], 16) ^ v[2];
    v[0] = rotated(v[0], 32);
    v[2] += v[1], v[0] += v[3];
    v[1] = rotated(v[1], 17) ^ v[2], v[3] = rotated(v[3], 21) ^ v[0];
    v[2] = rotated(v[2], 32);
}

static u64 siphash(const u8 *at, unsigned size) {
    u64 k0 = 0x0706050403020100, k1 = 0x0f0e0d0c0b0a0908;
    u64 v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
    u64 last = (u64)size << 56;
    for (; size >= 8; size -= 8, at += 8) {
        u64 word;
        __builtin_memcpy(&word, at, 8);
        v[3] ^= word;
        round(v), round(v);
        v[0] ^= word;
    }
    for (unsigned i = 0; i < size; i++) last |= (u64)at[i] << 8 * i;
    v[3] ^= last;
    round(v), round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static u64 (*const kinds[])(const u8 *, unsigned) = {crc32, adler32, fnv, siphash};

u64 checksum(unsigned kind, unsigned size) {
    if (size > sizeof text) __builtin_trap();
    for (unsigned i = 0; i < size; i++) text[i] = (u8)(i * i + 7 * i);
    return kinds[kind & 3](text, size);
}

// The text is moved over itself and wiped at its start.
u64 shifted(unsigned kind, unsigned size, unsigned by) {
    if (size > sizeof text || by > sizeof text - size) __builtin_trap();
    for (unsigned i = 0; i < size; i++) text[i] = (u8)(i * 3);
    __builtin_memmove(text + by, text, size);
    __builtin_memset(text, 0xa5, by);
    return kinds[kind & 3](text, size + by);
}
