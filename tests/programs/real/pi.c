// Digits of pi by a spigot, and powers of three by 128-bit products; how many digits is the first argument.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void digits(int count) {
    int length = count * 10 / 3 + 1, nines = 0, held = 0, begun = 0;
    uint32_t *remainders = malloc((size_t)length * sizeof *remainders);
    for (int i = 0; i < length; i++) remainders[i] = 2;
    for (int n = 0; n <= count; n++) {
        uint32_t carry = 0;
        for (int i = length - 1; i >= 0; i--) {
            uint32_t x = 10 * remainders[i] + carry * (uint32_t)(i + 1);
            remainders[i] = i > 0 ? x % (uint32_t)(2 * i + 1) : x % 10;
            carry = i > 0 ? x / (uint32_t)(2 * i + 1) : x / 10;
        }
        if (carry == 9) {
            nines++;
            continue;
        }
        if (begun) putchar('0' + held + (carry == 10));
        for (; nines > 0; nines--) putchar(carry == 10 ? '0' : '9');
        held = carry == 10 ? 0 : (int)carry;
        begun = 1;
    }
    putchar('\n');
    free(remainders);
}

static void power(int exponent) {
    unsigned __int128 x = 1;
    for (int i = 0; i < exponent; i++) x *= 3;
    printf("%016llx%016llx, ", (unsigned long long)(x >> 64), (unsigned long long)x);
    char text[40], *end = text + sizeof text - 1;
    *end = '\0';
    do *--end = (char)('0' + (int)(x % 10));
    while ((x /= 10) != 0);
    puts(end);
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    digits(atoi(argv[1]));
    power(80);
    return 0;
}
