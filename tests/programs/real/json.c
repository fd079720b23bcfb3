// Reads JSON from standard input as a tree in allocated memory; prints what it holds and the sum of its numbers.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { NUL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT } Kind;

typedef struct Value {
    Kind kind;
    double number;
    char *text;                   // of a string; of a member its key
    struct Value *first, *next;   // members, and what follows in the same array or object
} Value;

static const char *at;

static void fail(const char *what) {
    fprintf(stderr, "%s expected before '%.10s'\n", what, at);
    exit(1);
}

static void spaces(void) {
    while (isspace((unsigned char)*at)) at++;
}

static int found(char c) {
    spaces();
    if (*at != c) return 0;
    at++;
    return 1;
}

static char *string(void) {
    const char *end = at;
    while (*end != '"' && *end != '\0') end += 1 + (*end == '\\');
    char *text = malloc((size_t)(end - at) + 1), *to = text;
    for (; at < end; at++) {
        if (*at == '\\') {
            static const char from[] = "nt", made[] = "\n\t";
            const char *escape = strchr(from, *++at);
            *to++ = escape != NULL && *at != '\0' ? made[escape - from] : *at;
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
    if (!found('"')) fail("\"");
    return text;
}

static Value *value(void) {
    Value *one = calloc(1, sizeof *one);
    if (found('"')) {
        one->kind = STRING;
        one->text = string();
    } else if (found('[') || *at == '{') {
        int object = at[0] == '{';
        char close = object ? '}' : ']';
        at += object;
        one->kind = object ? OBJECT : ARRAY;
        Value **last = &one->first;
        if (found(close)) return one;
        do {
            char *key = NULL;
            if (object) {
                if (!found('"')) fail("a key");
                key = string();
                if (!found(':')) fail(":");
            }
            *last = value();
            if (key != NULL && (*last)->kind != STRING) (*last)->text = key;
            else free(key);
            last = &(*last)->next;
        } while (found(','));
        if (!found(close)) fail(object ? "}" : "]");
    } else if (strncmp(at, "true", 4) == 0 || strncmp(at, "null", 4) == 0) {
        one->kind = *at == 't' ? BOOLEAN : NUL;
        at += 4;
    } else if (strncmp(at, "false", 5) == 0) {
        one->kind = BOOLEAN;
        at += 5;
    } else {
        char *end;
        one->kind = NUMBER;
        one->number = strtod(at, &end);
        if (end == at) fail("a value");
        at = end;
    }
    return one;
}

static int counts[6];
static double sum;
static size_t letters;

static void count(Value *one) {
    counts[one->kind]++;
    if (one->kind == NUMBER) sum += one->number;
    if (one->text != NULL) letters += strlen(one->text);
    for (Value *member = one->first, *next; member != NULL; member = next) {
        next = member->next;
        count(member);
    }
    free(one->text);
    free(one);
}

int main(void) {
    size_t size = 0, room = 64;
    char *text = malloc(room);
    for (size_t got; (got = fread(text + size, 1, room - size - 1, stdin)) > 0;) {
        size += got;
        if (size + 1 == room) text = realloc(text, room *= 2);
    }
    text[size] = '\0';
    at = text;
    Value *all = value();
    spaces();
    if (*at != '\0') fail("the end");
    count(all);
    free(text);
    printf("%d null, %d booleans, %d numbers, %d strings, %d arrays, %d objects\n", counts[NUL], counts[BOOLEAN],
           counts[NUMBER], counts[STRING], counts[ARRAY], counts[OBJECT]);
    printf("sum %.10g, %zu bytes of text\n", sum, letters);
    return 0;
}
