// Text that ends with a zero byte.

#include "memory.h"

char first[] = "the quick brown fox jumps over the lazy dog and the lazy dog sleeps on";
char second[] = "the quick brown fox jumps over the lazy dog and the lazy dog sleeps in";

EXPORT("string_length") u32 string_length(u32 from) {
  const char *end = first + from;
  while (*end) end++;
  return (u32)(end - first) - from;
}

EXPORT("string_compare") int string_compare(u32 from) {
  const u8 *left = (const u8 *)first + from, *right = (const u8 *)second + from;
  for (; *left && *left == *right; left++, right++) {
  }
  return *left - *right;
}

EXPORT("upper_case") u32 upper_case(void) {
  u32 changed = 0;
  for (char *at = first; *at; at++)
    if (*at >= 'a' && *at <= 'z') {
      *at -= 'a' - 'A';
      changed++;
    }
  return changed;
}
