// How often each word of standard input occurs, the most frequent first; the exit code is 1 when there is none.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *text;
    int count;
} Word;

static int by_count(const void *a, const void *b) {
    const Word *x = a, *y = b;
    return x->count != y->count ? y->count - x->count : strcmp(x->text, y->text);
}

int main(void) {
    Word *words = NULL;
    size_t count = 0, lines = 0;
    char line[256];
    while (fgets(line, sizeof line, stdin) != NULL) {
        lines++;
        for (char *c = line; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
        for (char *word = strtok(line, " \t\n.,;!?"); word != NULL; word = strtok(NULL, " \t\n.,;!?")) {
            size_t i = 0;
            while (i < count && strcmp(words[i].text, word) != 0) i++;
            if (i == count) {
                words = realloc(words, ++count * sizeof *words);
                if (words == NULL) return 2;
                words[i] = (Word){strdup(word), 0};
            }
            words[i].count++;
        }
    }
    qsort(words, count, sizeof *words, by_count);
    for (size_t i = 0; i < count; i++) printf("%6d %s\n", words[i].count, words[i].text);
    fprintf(stderr, "%zu lines\n", lines);
    return count == 0;
}
