// Quicksort of pseudo-random numbers, recursive on the smaller side.

#include "memory.h"

u32 numbers[256];

OWN void sort(u32 *low, u32 *high) {
  while (low < high) {
    u32 pivot = low[(high - low) >> 1];
    u32 *left = low, *right = high;
    do {
      while (*left < pivot) left++;
      while (*right > pivot) right--;
      if (left <= right) {
        u32 swap = *left;
        *left++ = *right;
        *right-- = swap;
      }
    } while (left <= right);
    if (right - low < high - left) {
      sort(low, right);
      low = left;
    } else {
      sort(left, high);
      high = right;
    }
  }
}

EXPORT("quicksort") u32 quicksort(u32 count, u32 seed) {
  for (u32 i = 0; i < count; i++) {
    seed = seed * 1664525 + 1013904223;
    numbers[i] = seed;
  }
  sort(numbers, numbers + count - 1);
  return numbers[count >> 1];
}
