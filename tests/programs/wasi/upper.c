// Copies standard input to standard output with small letters made large, by the calls of the system.
#include <unistd.h>

int main(void) {
    static char buffer[64];
    ssize_t count;
    while ((count = read(0, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < count; i++)
            if (buffer[i] >= 'a' && buffer[i] <= 'z') buffer[i] -= 'a' - 'A';
        if (write(1, buffer, count) != count) return 1;
    }
    write(2, "done\n", 5);
    return 0;
}
