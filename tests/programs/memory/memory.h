// What the programs of this folder share: types and the names of exports. What they read and write is not `static`, so
// that the compiler has to leave it in memory.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))
#define OWN __attribute__((noinline)) static
