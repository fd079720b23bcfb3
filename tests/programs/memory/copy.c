// Reads and writes side by side: bytes, words, and what the compiler makes of a memcpy.

#include "memory.h"
#include "text.h"

u8 copy[1008];

EXPORT("copy_bytes") void copy_bytes(u32 count) {
  for (u32 i = 0; i < count; i++) copy[i] = (u8)text[i];
}

EXPORT("copy_words") void copy_words(u32 count) {
  for (u32 i = 0; i < count; i++) ((u32 *)copy)[i] = ((u32 *)text)[i];
}

// The words of the text at an address that four does not divide: every load straddles two cells.
EXPORT("copy_unaligned") void copy_unaligned(u32 count, u32 from) {
  for (u32 i = 0; i < count; i++) __builtin_memcpy(copy + 4 * i, text + from + 4 * i, 4);
}

// Without bulk memory the compiler calls `memcpy`, with it memory.copy.
EXPORT("copy_builtin") void copy_builtin(u32 to, u32 from, u32 count) {
  __builtin_memcpy(copy + to, text + from, count);
}

void *memcpy(void *target, const void *source, unsigned long count) {
  u8 *to = target;
  const u8 *from = source;
  if (!(((u32)to ^ (u32)from) & 3)) {
    for (; count && (u32)to & 3; count--) *to++ = *from++;
    for (; count >= 4; count -= 4, to += 4, from += 4) *(u32 *)to = *(const u32 *)from;
  }
  for (; count; count--) *to++ = *from++;
  return target;
}
