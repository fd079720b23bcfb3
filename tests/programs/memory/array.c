// The sum of an array, and sums of it that are read out of order.

#include "memory.h"

u32 numbers[64] = {
    0x9E3779B9, 0x3C6EF372, 0xDAA66D2B, 0x78DDE6E4, 0x1715609D, 0xB54CDA56, 0x5384540F, 0xF1BBCDC8,
    0x8FF34781, 0x2E2AC13A, 0xCC623AF3, 0x6A99B4AC, 0x08D12E65, 0xA708A81E, 0x454021D7, 0xE3779B90,
    0x81AF1549, 0x1FE68F02, 0xBE1E08BB, 0x5C558274, 0xFA8CFC2D, 0x98C475E6, 0x36FBEF9F, 0xD5336958,
    0x736AE311, 0x11A25CCA, 0xAFD9D683, 0x4E11503C, 0xEC48C9F5, 0x8A8043AE, 0x28B7BD67, 0xC6EF3720,
    0x6526B0D9, 0x035E2A92, 0xA195A44B, 0x3FCD1E04, 0xDE0497BD, 0x7C3C1176, 0x1A738B2F, 0xB8AB04E8,
    0x56E27EA1, 0xF519F85A, 0x93517213, 0x3188EBCC, 0xCFC06585, 0x6DF7DF3E, 0x0C2F58F7, 0xAA66D2B0,
    0x489E4C69, 0xE6D5C622, 0x850D3FDB, 0x2344B994, 0xC17C334D, 0x5FB3AD06, 0xFDEB26BF, 0x9C22A078,
    0x3A5A1A31, 0xD89193EA, 0x76C90DA3, 0x1500875C, 0xB3380115, 0x516F7ACE, 0xEFA6F487, 0x8DDE6E40,
};

EXPORT("sum") u32 sum(u32 count) {
  u32 total = 0;
  for (u32 i = 0; i < count; i++) total += numbers[i];
  return total;
}

EXPORT("sum64") u64 sum64(u32 count) {
  u64 total = 0;
  for (u32 i = 0; i < count; i++) total += numbers[i];
  return total;
}

EXPORT("maximum") u32 maximum(u32 count) {
  u32 best = 0;
  for (u32 i = 0; i < count; i++)
    if (numbers[i] > best) best = numbers[i];
  return best;
}

EXPORT("reverse") void reverse(u32 count) {
  for (u32 i = 0, j = count - 1; i < j; i++, j--) {
    u32 swap = numbers[i];
    numbers[i] = numbers[j];
    numbers[j] = swap;
  }
}

// Each number, taken modulo the length, says where to read next.
EXPORT("wander") u32 wander(u32 steps) {
  u32 place = 0;
  while (steps--) place = (numbers[place & 63] ^ place) >> 3;
  return place;
}
