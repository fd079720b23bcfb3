// Nodes that point to each other, records with fields of several widths, and numbers of many words.

#include "memory.h"

struct node {
  u32 value;
  struct node *next;
};

struct node nodes[64];

EXPORT("list") u32 list(u32 count) {
  struct node *head = 0;
  for (u32 i = 0; i < count; i++) {
    nodes[i].value = i * i;
    nodes[i].next = head;
    head = &nodes[i];
  }
  struct node *reversed = 0;
  while (head) {
    struct node *next = head->next;
    head->next = reversed;
    reversed = head;
    head = next;
  }
  u32 sum = 0;
  for (; reversed; reversed = reversed->next) sum = 3 * sum + reversed->value;
  return sum;
}

struct account {
  u64 balance;
  u32 number;
  u16 branch;
  u8 kind, closed;
};

struct account accounts[16];

EXPORT("records") u64 records(u32 count) {
  for (u32 i = 0; i < count; i++) {
    struct account *account = &accounts[i & 15];
    account->balance += (u64)i << 30;
    account->number ^= i;
    account->branch += (u16)(7 * i);
    account->kind = (u8)(account->kind + i);
    account->closed |= i & 4;
  }
  u64 sum = 0;
  for (u32 i = 0; i < 16; i++)
    if (!accounts[i].closed) sum += accounts[i].balance + accounts[i].branch;
  return sum;
}

u32 long_product[16];

// The product of two numbers of `words` words of 32 bits (at most 8), by the school's method.
EXPORT("long_multiply") u32 long_multiply(u32 words, u32 seed) {
  u32 left[8], right[8];
  for (u32 i = 0; i < words; i++) {
    left[i] = seed * (2 * i + 1);
    right[i] = ~seed * (2 * i + 3);
  }
  for (u32 i = 0; i < 2 * words; i++) long_product[i] = 0;
  for (u32 i = 0; i < words; i++) {
    u64 carry = 0;
    for (u32 j = 0; j < words; j++) {
      carry += (u64)left[i] * right[j] + long_product[i + j];
      long_product[i + j] = (u32)carry;
      carry >>= 32;
    }
    long_product[i + words] = (u32)carry;
  }
  return long_product[2 * words - 1];
}

u8 composite[256];

EXPORT("sieve") u32 sieve(u32 below) {
  u32 count = 0;
  for (u32 i = 2; i < below; i++) {
    if (composite[i]) continue;
    count++;
    for (u32 j = i * i; j < below; j += i) composite[j] = 1;
  }
  return count;
}
