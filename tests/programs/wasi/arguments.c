// Prints its arguments and one variable of its environment; the exit code is the number of arguments.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++) puts(argv[i]);
    const char *value = getenv("COLOUR");
    puts(value != NULL ? value : "no colour");
    exit(argc);
}
