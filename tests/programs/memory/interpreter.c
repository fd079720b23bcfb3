// A stack machine that runs a program of bytes.

#include "memory.h"

enum { HALT, PUSH, LOAD, STORE, ADD, SUB, MUL, LESS, JUMP_IF_ZERO, JUMP };

u8 code[] = {
    // variable 0: n, 1: i, 2: sum; the sum of i * i for i below n
    /*  0 */ LOAD, 1, LOAD, 0, LESS, JUMP_IF_ZERO, 27,
    /*  7 */ LOAD, 2, LOAD, 1, LOAD, 1, MUL, ADD, STORE, 2,
    /* 17 */ LOAD, 1, PUSH, 1, ADD, STORE, 1, JUMP, 0, HALT,
    /* 27 */ LOAD, 2, HALT,
};

u32 variables[4];
u32 stack[16];

EXPORT("interpreter") u32 interpreter(u32 n) {
  const u8 *at = code;
  u32 *top = stack;
  variables[0] = n;
  for (;;) {
    switch (*at++) {
      case PUSH:
        *++top = *at++;
        break;
      case LOAD:
        *++top = variables[*at++];
        break;
      case STORE:
        variables[*at++] = *top--;
        break;
      case ADD:
        top--;
        top[0] += top[1];
        break;
      case SUB:
        top--;
        top[0] -= top[1];
        break;
      case MUL:
        top--;
        top[0] *= top[1];
        break;
      case LESS:
        top--;
        top[0] = top[0] < top[1];
        break;
      case JUMP_IF_ZERO:
        at = *top-- ? at + 1 : code + *at;
        break;
      case JUMP:
        at = code + *at;
        break;
      default:
        return *top;
    }
  }
}
