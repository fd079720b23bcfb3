// Reads lines with a number each from standard input; prints their sum, the greatest of them and how many there were.
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    char line[32];
    long long sum = 0;
    int count = 0, greatest = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        int number = atoi(line);
        if (count == 0 || number > greatest) greatest = number;
        sum += number;
        count++;
    }
    if (count == 0) {
        fprintf(stderr, "no numbers\n");
        return 3;
    }
    printf("%d numbers, sum %lld, greatest %d (%#x)\n", count, sum, greatest, (unsigned)greatest);
    return 0;
}
