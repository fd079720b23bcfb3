// For tests of positions: each function traps or does something on a line of its own.

#define EXPORT(name) __attribute__((export_name(name)))

static int numbers[4] = {1, 2, 3, 4};

static __attribute__((noinline)) unsigned helper(unsigned x, unsigned y) {
  unsigned sum = x + y;
  return sum / y;  // line 9
}

EXPORT("divide") unsigned divide(unsigned x, unsigned y) {
  return helper(x, y) + 1;
}

EXPORT("element") int element(unsigned i) {
  int *place = numbers;
  return place[i];  // line 18
}

EXPORT("never") int never(int x) {
  if (x > 5)
    __builtin_trap();  // line 23
  return x;
}
