// LZSS: compresses standard input, writes it, expands it again and fails where the text is not the same.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 1024
#define LONGEST 34

static unsigned char *bytes;
static size_t bits;

static void put(unsigned value, int count) {
    while (count-- > 0) {
        if (bits % 8 == 0) bytes[bits / 8] = 0;
        bytes[bits / 8] |= (value >> count & 1) << (7 - bits % 8);
        bits++;
    }
}

static unsigned get(int count) {
    unsigned value = 0;
    for (; count > 0; count--, bits++) value = value << 1 | (bytes[bits / 8] >> (7 - bits % 8) & 1);
    return value;
}

static void compress(const char *text, size_t size) {
    for (size_t at = 0; at < size;) {
        size_t length = 0, distance = 0;
        for (size_t back = 1; back <= at && back <= WINDOW; back++) {
            size_t n = 0;
            while (n < LONGEST && at + n < size && text[at + n] == text[at + n - back]) n++;
            if (n > length) length = n, distance = back;
        }
        if (length >= 3) {
            put(1, 1);
            put(distance - 1, 10);
            put(length - 3, 5);
            at += length;
        } else {
            put(0, 1);
            put((unsigned char)text[at++], 8);
        }
    }
}

static void expand(char *text, size_t size) {
    for (size_t at = 0; at < size;) {
        if (get(1)) {
            size_t distance = get(10) + 1, length = get(5) + 3;
            for (; length > 0; length--, at++) text[at] = text[at - distance];
        } else {
            text[at++] = (char)get(8);
        }
    }
}

int main(void) {
    static char text[4096], again[4096];
    size_t size = fread(text, 1, sizeof text, stdin);
    bytes = malloc(size * 9 / 8 + 1);
    if (bytes == NULL) return 2;
    compress(text, size);
    size_t packed = (bits + 7) / 8;
    fprintf(stderr, "%zu bytes became %zu\n", size, packed);
    if (fwrite(bytes, 1, packed, stdout) != packed) return 2;
    bits = 0;
    expand(again, size);
    free(bytes);
    return memcmp(text, again, size) != 0;
}
