// CRC-32 of text, a bit at a time.

#include "memory.h"
#include "text.h"

EXPORT("crc32_bits") u32 crc32_bits(u32 count) {
  u32 crc = ~0u;
  for (u32 i = 0; i < count; i++) {
    crc ^= (u8)text[i];
    for (u32 bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}
