// SHA-256 (FIPS 180-4) of text that lies in memory as bytes.

#include "memory.h"

#define ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))

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

u8 hello[] = "hello world";
u8 abc[] =
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"
    " and on it goes";

u32 state[8];
u8 block[64];

OWN void compress(const u8 *bytes) {
  u32 w[64];
  for (u32 i = 0; i < 16; i++, bytes += 4)
    w[i] = (u32)bytes[0] << 24 | (u32)bytes[1] << 16 | (u32)bytes[2] << 8 | bytes[3];
  for (u32 i = 16; i < 64; i++) {
    u32 near = w[i - 2], far = w[i - 15];
    u32 sigma0 = ROTATE(far, 7) ^ ROTATE(far, 18) ^ far >> 3;
    u32 sigma1 = ROTATE(near, 17) ^ ROTATE(near, 19) ^ near >> 10;
    w[i] = w[i - 16] + sigma0 + w[i - 7] + sigma1;
  }
  u32 a = state[0], b = state[1], c = state[2], d = state[3];
  u32 e = state[4], f = state[5], g = state[6], h = state[7];
  for (u32 i = 0; i < 64; i++) {
    u32 sum1 = ROTATE(e, 6) ^ ROTATE(e, 11) ^ ROTATE(e, 25);
    u32 choice = (e & f) ^ (~e & g);
    u32 first = h + sum1 + choice + constants[i] + w[i];
    u32 sum0 = ROTATE(a, 2) ^ ROTATE(a, 13) ^ ROTATE(a, 22);
    u32 majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + sum0 + majority;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

// The digest ends in `state`; the first four bytes of it are the result.
static u32 sha256(const u8 *message, u32 length) {
  static const u32 start[8] = {
      0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
  };
  for (u32 i = 0; i < 8; i++) state[i] = start[i];
  u32 rest = length;
  for (; rest >= 64; rest -= 64, message += 64) compress(message);
  for (u32 i = 0; i < rest; i++) block[i] = message[i];
  block[rest] = 0x80;
  for (u32 i = rest + 1; i < 64; i++) block[i] = 0;
  if (rest >= 56) {
    compress(block);
    for (u32 i = 0; i < 56; i++) block[i] = 0;
  }
  for (u32 i = 0; i < 4; i++) block[63 - i] = (u8)(length << 3 >> 8 * i);
  compress(block);
  return state[0];
}

EXPORT("one_block") u32 one_block(void) { return sha256(hello, sizeof hello - 1); }

EXPORT("three_blocks") u32 three_blocks(void) { return sha256(abc, sizeof abc - 1); }
