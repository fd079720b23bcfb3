// Writes without reads: bytes, words, and what the compiler makes of a memset.

#include "memory.h"

u32 words[1024];

EXPORT("fill_bytes") void fill_bytes(u32 count, u32 value) {
  u8 *bytes = (u8 *)words;
  for (u32 i = 0; i < count; i++) bytes[i] = (u8)value;
}

EXPORT("fill_words") void fill_words(u32 count, u32 value) {
  for (u32 i = 0; i < count; i++) words[i] = value;
}

EXPORT("fill_and_sum") u32 fill_and_sum(u32 count, u32 value) {
  u32 sum = 0;
  for (u32 i = 0; i < count; i++) words[i] = value;
  for (u32 i = 0; i < count; i++) sum += words[i];
  return sum;
}

// Without bulk memory the compiler calls `memset`, with it memory.fill.
EXPORT("fill_builtin") void fill_builtin(u32 count, u32 value) { __builtin_memset((u8 *)words + 1, (int)value, count); }

void *memset(void *target, int value, unsigned long count) {
  u8 *bytes = target;
  for (u32 word = (u8)value * 0x01010101u; count; ) {
    if (count >= 4 && !((u32)bytes & 3)) {
      *(u32 *)bytes = word;
      bytes += 4;
      count -= 4;
    } else {
      *bytes++ = (u8)value;
      count--;
    }
  }
  return target;
}
