/* SHA-256 (FIPS 180-4) of a message of at most 55 bytes, which is one block. The block, the schedule of words that is
 * made from it and the round constants lie in WebAssembly's linear memory.
 *
 * sha256.wasm is built from this file (see ../README.md for the command) and committed, so that building the Python
 * package needs no C compiler.
 */

typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))

/* The eight words of a digest, in order; a function that returns them has eight results in WebAssembly. */
typedef struct {
    u32 words[8];
} digest;

static const u32 constants[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
};

static u32 rotate(u32 x, u32 bits) { return x >> bits | x << (32 - bits); }

/* The digest of the block in w[0] to w[15]; the other words are where the schedule goes. */
static digest hash_block(u32 w[64]) {
    for (u32 i = 16; i < 64; i++) {
        u32 far = w[i - 15], near = w[i - 2];
        u32 sigma0 = rotate(far, 7) ^ rotate(far, 18) ^ far >> 3;
        u32 sigma1 = rotate(near, 17) ^ rotate(near, 19) ^ near >> 10;
        w[i] = w[i - 16] + sigma0 + w[i - 7] + sigma1;
    }
    u32 a = 0x6A09E667, b = 0xBB67AE85, c = 0x3C6EF372, d = 0xA54FF53A;
    u32 e = 0x510E527F, f = 0x9B05688C, g = 0x1F83D9AB, h = 0x5BE0CD19;
    for (u32 i = 0; i < 64; i++) {
        u32 sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        u32 first = h + sum1 + ((e & f) ^ (~e & g)) + constants[i] + w[i];
        u32 sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        u32 second = sum0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + first;
        d = c;
        c = b;
        b = a;
        a = first + second;
    }
    return (digest){{a + 0x6A09E667, b + 0xBB67AE85, c + 0x3C6EF372, d + 0xA54FF53A,
                     e + 0x510E527F, f + 0x9B05688C, g + 0x1F83D9AB, h + 0x5BE0CD19}};
}

/* The digest of the first `length` bytes of seven words, each with its first byte as the most significant one; what
 * follows them is ignored. Traps (unreachable) when the length is more than 55.
 */
EXPORT("sha256") digest sha256(u64 m0, u64 m1, u64 m2, u64 m3, u64 m4, u64 m5, u64 m6, u32 length) {
    static u32 w[64];
    if (length > 55)
        __builtin_trap();
    const u64 message[7] = {m0, m1, m2, m3, m4, m5, m6};
    for (u32 i = 0; i < 7; i++) {
        w[2 * i] = (u32)(message[i] >> 32);
        w[2 * i + 1] = (u32)message[i];
    }
    u32 last = length / 4, bits = 8 * (length % 4);
    w[last] = (w[last] & ~(0xFFFFFFFF >> bits)) | 0x80000000 >> bits;
    for (u32 i = last + 1; i < 15; i++)
        w[i] = 0;
    w[15] = 8 * length;
    return hash_block(w);
}
