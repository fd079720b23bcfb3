// Bytes as text: hexadecimal and base64, with their tables of digits.

#include "memory.h"

u8 bytes[48] = "\xff\x00\x7f\x80 forty-eight bytes, some of them odd: \x01\x02\xfe\xed";
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hexadecimal[] = "0123456789abcdef";
char encoded[100];

EXPORT("hex") void hex(u32 count) {
  for (u32 i = 0; i < count; i++) {
    encoded[2 * i] = hexadecimal[bytes[i] >> 4];
    encoded[2 * i + 1] = hexadecimal[bytes[i] & 15];
  }
}

// `count` is a multiple of three.
EXPORT("base64") void base64(u32 count) {
  char *to = encoded;
  for (u32 i = 0; i < count; i += 3, to += 4) {
    u32 group = (u32)bytes[i] << 16 | (u32)bytes[i + 1] << 8 | bytes[i + 2];
    to[0] = digits[group >> 18];
    to[1] = digits[group >> 12 & 63];
    to[2] = digits[group >> 6 & 63];
    to[3] = digits[group & 63];
  }
}
