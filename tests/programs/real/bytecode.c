// A stack machine: standard input is its program as text, one letter an instruction; what it prints is the output.
//   digits push a number; + - * / % take two; < and = compare; : copies the top, ~ swaps, ^ drops;
//   a-z push a variable, A-Z set it; [ skips to its ] when the top is 0, ] goes back; . prints a number, , a line end.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum Op { PUSH, ADD, SUB, MUL, DIV, REM, LESS, EQUAL, COPY, SWAP, DROP, GET, SET, SKIP, BACK, PRINT, LINE, STOP };

typedef struct {
    uint8_t op;
    int32_t operand;
} Instruction;

#define LIMIT 512
static Instruction code[LIMIT];
static int32_t stack[64], variables[26];

static _Noreturn void fail(const char *why, int at) {
    fprintf(stderr, "%s at %d\n", why, at);
    exit(1);
}

static void compile(void) {
    static const char letters[] = "+-*/%<=:~^";
    int size = 0, depth = 0, open[16], c = getchar();
    while (c != EOF) {
        if (size == LIMIT - 1) fail("too long", size);
        Instruction *now = &code[size];
        if (c >= '0' && c <= '9') {
            now->op = PUSH;
            for (; c >= '0' && c <= '9'; c = getchar()) now->operand = now->operand * 10 + c - '0';
            size++;
            continue;
        }
        if (c >= 'a' && c <= 'z') *now = (Instruction){GET, c - 'a'};
        else if (c >= 'A' && c <= 'Z') *now = (Instruction){SET, c - 'A'};
        else if (c == '.') now->op = PRINT;
        else if (c == ',') now->op = LINE;
        else if (c == '[') {
            if (depth == 16) fail("too deep", size);
            now->op = SKIP;
            open[depth++] = size;
        } else if (c == ']') {
            if (depth == 0) fail("no [", size);
            *now = (Instruction){BACK, open[--depth]};
            code[now->operand].operand = size + 1;
        } else {
            int i = 0;
            while (letters[i] != '\0' && letters[i] != c) i++;
            if (letters[i] != '\0') now->op = ADD + i;
            else if (c == ' ' || c == '\n') size--;
            else fail("no instruction", size);
        }
        size++;
        c = getchar();
    }
    if (depth > 0) fail("no ]", size);
    code[size].op = STOP;
}

static void run(void) {
    int32_t *const empty = stack + 2, *top = empty;  // what takes two where there are none stays inside
    for (int at = 0;; at++) {
        if (top < empty || top >= stack + 63) fail("stack", at);
        int32_t a = top[-1], b = *top;
        switch ((enum Op)code[at].op) {
        case PUSH: *++top = code[at].operand; break;
        case ADD: *--top = (int32_t)((uint32_t)a + (uint32_t)b); break;
        case SUB: *--top = (int32_t)((uint32_t)a - (uint32_t)b); break;
        case MUL: *--top = (int32_t)((uint32_t)a * (uint32_t)b); break;
        case DIV: if (b == 0) fail("division by 0", at); *--top = a / b; break;
        case REM: if (b == 0) fail("division by 0", at); *--top = a % b; break;
        case LESS: *--top = a < b; break;
        case EQUAL: *--top = a == b; break;
        case COPY: *++top = b; break;
        case SWAP: top[0] = a; top[-1] = b; break;
        case DROP: top--; break;
        case GET: *++top = variables[code[at].operand]; break;
        case SET: variables[code[at].operand] = *top--; break;
        case SKIP: if (*top-- == 0) at = code[at].operand - 1; break;
        case BACK: at = code[at].operand - 1; break;
        case PRINT: printf("%d", *top--); break;
        case LINE: putchar('\n'); break;
        case STOP: return;
        }
    }
}

int main(void) {
    compile();
    run();
    return 0;
}
