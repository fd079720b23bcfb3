// CRC-32 of text, a byte at a time, with a table of 256 words.

#include "memory.h"
#include "text.h"

// The table is linear over the bits of its index.
#define BIT(index, bit, value) ((index) >> bit & 1 ? value : 0)
#define ENTRY(i) \
  (BIT(i, 0, 0x77073096u) ^ BIT(i, 1, 0xEE0E612Cu) ^ BIT(i, 2, 0x076DC419u) ^ BIT(i, 3, 0x0EDB8832u) ^ \
   BIT(i, 4, 0x1DB71064u) ^ BIT(i, 5, 0x3B6E20C8u) ^ BIT(i, 6, 0x76DC4190u) ^ BIT(i, 7, 0xEDB88320u))
#define FOUR(i) ENTRY(i), ENTRY(i + 1), ENTRY(i + 2), ENTRY(i + 3)
#define SIXTEEN(i) FOUR(i), FOUR(i + 4), FOUR(i + 8), FOUR(i + 12)
#define SIXTY_FOUR(i) SIXTEEN(i), SIXTEEN(i + 16), SIXTEEN(i + 32), SIXTEEN(i + 48)

static const u32 table[256] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(128), SIXTY_FOUR(192)};

EXPORT("crc32_table") u32 crc32_table(u32 count) {
  u32 crc = ~0u;
  for (u32 i = 0; i < count; i++) crc = crc >> 8 ^ table[(crc ^ (u8)text[i]) & 0xFF];
  return ~crc;
}
